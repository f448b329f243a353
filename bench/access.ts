import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { besideChanges } from './beside.ts';
import { install } from './installed.ts';
import { type Account, type BenchLab, type Probe, TWO_GATEWAYS, benchLab, signIn } from './lab.ts';
import { type Figure, latencies, rate } from './results.ts';

const TARGETS = { p50: 40, p99: 100 };
/** Changes of others per second, all the while, and how many have to be answered for the figures to count. */
const BESIDE = { perSecond: 20, atLeast: 19.5 };
const ADDRESS = '192.168.1.20';
/** Every so many milliseconds a grant is looked for, and an open connection used. */
const EVERY = { udp: 4, tcp: 1 };
/**
 * Rest after each run. The probe opens a connection with every datagram, and a user may open 50 a second: without this
 * much rest it would meet that limit, and the limit would be measured.
 */
const REST_MS = 600;
/** Answers after which an open connection counts as open. */
const WARM = 5;

/**
 * `grant.*`: from the API's answer to the first packet that gets through; `withdraw.*`: to the last one of an open TCP
 * connection. A stock client, two gateways, `size` routes installed, and changes of others beside. Packets are sent from the answer on, every
 * 4 ms; an open connection that ended before the answer counts as 0.
 */
export async function benchAccess(size: number, runs: number): Promise<Figure[]> {
  const lab = await benchLab(TWO_GATEWAYS);
  const db = lab.db();
  try {
    const installed = await install('grant', db, size);
    const administrator = await signIn(lab, 'administrator@sunfield.test');
    const member = await signIn(lab, 'member@sunfield.test');
    const profile = join(lab.folder, 'laptop.conf');
    await lab.parkway(member, 'certificate', 'issue', '--out', profile);
    await lab.lab('connect', 'laptop-1', profile);
    const grant = await grantOf(lab, administrator, member);
    const probe = lab.probe('laptop-1');
    const granted: number[] = [];
    const withdrawn: number[] = [];
    const beside = await besideChanges(lab, db, BESIDE.perSecond, async () => {
      for (let run = 0; run < runs; run++) {
        const { id, latency } = await measureGrant(lab, administrator, grant, probe);
        granted.push(latency);
        withdrawn.push(await measureWithdrawal(lab, administrator, id, probe));
        await sleep(REST_MS);
      }
    });
    probe.stop();
    return [
      installed,
      rate('grant.beside', beside, BESIDE.atLeast),
      ...latencies('grant', granted, TARGETS),
      ...latencies('withdraw', withdrawn, TARGETS),
    ];
  } finally {
    await db.destroy();
    await lab.down();
  }
}

const ME = z.object({ user: z.object({ id: z.string() }) });
const PLANTS = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), organization: z.object({ id: z.string() }) })),
});
const MADE = z.object({ id: z.string() });

interface Grant {
  readonly path: string;
  readonly body: { readonly userId: string; readonly plantId: string; readonly role: 'operator' };
}

async function grantOf(lab: BenchLab, administrator: Account, member: Account): Promise<Grant> {
  const me = await lab.call(member, { method: 'GET', path: '/me', answer: ME });
  const plants = await lab.call(administrator, { method: 'GET', path: '/plants', answer: PLANTS });
  const plant = plants.body.items.find(({ name }) => name === 'Solar park Grünau');
  if (plant === undefined) throw new Error('the lab has no Solar park Grünau');
  const body = { userId: me.body.user.id, plantId: plant.id, role: 'operator' as const };
  return { path: `/organizations/${plant.organization.id}/grants`, body };
}

async function measureGrant(lab: BenchLab, by: Account, { path, body }: Grant, probe: Probe) {
  probe.events.length = 0;
  const made = await lab.call(by, { method: 'POST', path, body, answer: MADE });
  const first = probe.next(({ kind }) => kind === 'answer');
  probe.tell(`udp ${ADDRESS} ${EVERY.udp}`);
  const { asked } = await first;
  probe.tell('stop');
  return { id: made.body.id, latency: Math.max(0, asked - made.at) };
}

async function measureWithdrawal(lab: BenchLab, by: Account, id: string, probe: Probe): Promise<number> {
  let answers = 0;
  const warm = probe.next(({ kind }) => kind === 'answer' && ++answers === WARM);
  probe.tell(`tcp ${ADDRESS} ${EVERY.tcp}`);
  await warm;
  const end = probe.next(({ kind }) => kind === 'end');
  const { at } = await lab.call(by, { method: 'DELETE', path: `/grants/${id}`, answer: z.unknown() });
  await end;
  probe.tell('stop');
  const last = probe.events.findLast(({ kind }) => kind === 'answer');
  return Math.max(0, (last?.answered ?? at) - at);
}
