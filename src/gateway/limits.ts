import { z } from 'zod';
import { type Ip, parseIp } from '../net/ip.ts';
import type { Runner } from '../kernel/run.ts';
import { TABLE } from './shards.ts';

/** Packets that a limit dropped, by user. */
export type Hits = ReadonlyMap<Ip, number>;

const listing = z.object({
  nftables: z.array(
    z.object({
      set: z
        .object({
          elem: z
            .array(z.object({ elem: z.object({ val: z.string(), counter: z.object({ packets: z.number() }) }) }))
            .default([]),
        })
        .optional(),
    }),
  ),
});

/** Reads the counters of those who met a limit in the last hour (VPN-16). The set holds nobody else. */
export async function readLimited(runner: Runner): Promise<Hits> {
  return parseLimited(await runner.run(['nft', '-j', 'list', 'set', 'ip', TABLE, 'limited']));
}

/** Parses the listing of the set `limited`. */
export function parseLimited(text: string): Hits {
  const elements = listing.parse(JSON.parse(text)).nftables.flatMap(({ set }) => set?.elem ?? []);
  return new Map(
    elements.flatMap(({ elem }): [Ip, number][] => {
      const user = parseIp(elem.val);
      return user === undefined ? [] : [[user, elem.counter.packets]];
    }),
  );
}

/** How many packets came since the last reading. A counter that went back started anew with its table. */
export function newHits(before: Hits, now: Hits): { user: Ip; packets: number }[] {
  return [...now].flatMap(([user, packets]) => {
    const earlier = before.get(user) ?? 0;
    const more = packets >= earlier ? packets - earlier : packets;
    return more > 0 ? [{ user, packets: more }] : [];
  });
}
