import { setTimeout as delay } from 'node:timers/promises';
import { type RevisionJson, revisionSchema } from '../wire/rest/revisions.ts';
import type { Api } from './client.ts';
import { EXIT, Failure } from './failures.ts';

// Most changes are in effect within the first of these; a gateway that is away is not worth more than two questions a second.
const FIRST_MS = 25;
const LONGEST_MS = 500;

/** How long `--wait` waits, in milliseconds. */
export const WAIT_MS = 30_000;

/**
 * Waits until every gateway that serves, and the agents concerned, hold a revision. Returns what to say about it;
 * throws Failure (not yet) naming who is behind after `timeoutMs`.
 */
export async function waitInEffect(api: Api, revision: number, timeoutMs = WAIT_MS): Promise<string> {
  const end = performance.now() + timeoutMs;
  for (let pause = FIRST_MS; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    const { value } = await api.get(`/revisions/${revision}`, revisionSchema);
    if (value.confirmed) return inEffect(value);
    if (performance.now() > end)
      throw new Failure(EXIT.notYet, `It is saved, and ${inEffect(value)}. ${behind(value)}`);
    await delay(pause);
  }
}

function inEffect({ gateways }: RevisionJson): string {
  if (gateways.length === 0) return 'there is no gateway yet that could hold it';
  return `in effect on ${gateways.filter((gateway) => gateway.confirmed).length} of ${gateways.length}`;
}

function behind({ gateways, agents }: RevisionJson): string {
  const names = [...gateways.filter((gateway) => !gateway.confirmed), ...agents].map((one) => one.name);
  return `Not confirmed by: ${names.join(', ')}.`;
}
