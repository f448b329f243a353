/**
 * How often may be guessed (USR-2): per account and source, so that nobody locks out somebody elsewhere; per source, so that one
 * cannot try the same password on everybody; and per account over all unfamiliar sources, so that many cannot share the
 * work. A device that the person signed in with before has a count of its own, which no other guesser uses up.
 */
import { familiarTo } from '../../store/familiar.ts';
import { Problem } from '../../wire/problem.ts';
import type { Deps } from '../deps.ts';
import { type Throttle, newThrottle } from '../throttle.ts';
import { keysOf } from './client-keys.ts';
import type { Client } from './open-session.ts';

const WINDOW_MS = 15 * 60 * 1000;

interface Limits {
  readonly account: Throttle;
  readonly source: Throttle;
  readonly everywhere: Throttle;
  readonly proof: Throttle;
  readonly mail: Throttle;
  readonly mailSource: Throttle;
}

/** One set per control process. */
const all = new WeakMap<object, Limits>();

/** Takes back what an attempt counted, once it turned out to be rightful. */
export type Forgive = () => void;

type Counted = readonly [Throttle, string];

interface Familiar {
  readonly network: string;
  readonly knowsNetwork: boolean;
  readonly device: string | undefined;
}

/** Counts an attempt to sign in to the account of an address, whether there is one or not. Refuses with `too-many-attempts`. */
export async function countSignIn(deps: Deps, email: string, client: Client): Promise<void> {
  take(await signInCounts(deps, email, client));
}

/** Takes back an attempt to sign in that was rightful. */
export async function forgiveSignIn(deps: Deps, email: string, client: Client): Promise<void> {
  release(await signInCounts(deps, email, client));
}

/**
 * Counts a code of the second factor at signing in, over all challenges: whoever has the password could begin as many as they like.
 * Returns what takes it back.
 */
export async function countCode(deps: Deps, email: string, client: Client): Promise<Forgive> {
  const { device } = await familiarKeys(deps, email, client);
  const counted: readonly Counted[] = [[limitsOf(deps).proof, `${email.toLowerCase()} ${device ?? 'elsewhere'}`]];
  take(counted);
  return () => release(counted);
}

/** Counts an attempt of somebody signed in to prove the password or a code again. Returns what takes it back. */
export function countProof(deps: Deps, userId: string, sessionId: string): Forgive {
  const counted: readonly Counted[] = [[limitsOf(deps).proof, `${userId} ${sessionId}`]];
  take(counted);
  return () => release(counted);
}

/** Counts a request for a link by mail. Refuses the source; of the address it only says whether to send. */
export function mayMail(deps: Deps, email: string, client: Client): boolean {
  const { mail, mailSource } = limitsOf(deps);
  take([[mailSource, keysOf(client)[0].toString('hex')]]);
  return mail.take(email.toLowerCase()) === 0;
}

async function signInCounts(deps: Deps, email: string, client: Client): Promise<readonly Counted[]> {
  const { account, source, everywhere } = limitsOf(deps);
  const { device, network, knowsNetwork } = await familiarKeys(deps, email, client);
  const name = email.toLowerCase();
  if (device !== undefined) return [[account, `${name} ${device}`]];
  const counted: readonly Counted[] = [
    [source, network],
    [account, `${name} ${network}`],
  ];
  return knowsNetwork ? counted : [...counted, [everywhere, name]];
}

/** The client's network, and its device when the account is familiar with it. */
async function familiarKeys({ db }: Deps, email: string, client: Client): Promise<Familiar> {
  const [network, device] = keysOf(client);
  const familiar = await familiarTo(db, email, device === undefined ? [network] : [network, device]);
  const knows = (key: Buffer) => familiar.some((one) => one.equals(key));
  return {
    network: network.toString('hex'),
    knowsNetwork: knows(network),
    device: device !== undefined && knows(device) ? device.toString('hex') : undefined,
  };
}

function take(counted: readonly Counted[]): void {
  for (const [index, [throttle, key]] of counted.entries()) {
    const wait = throttle.take(key);
    if (wait === 0) continue;
    // What is refused was not tried: it uses up nothing.
    release(counted.slice(0, index));
    throw new Problem('too-many-attempts', `Wait ${wait} seconds, then try again.`, wait);
  }
}

function release(counted: readonly Counted[]): void {
  for (const [throttle, key] of counted) throttle.forgive(key);
}

function limitsOf({ installation, clock }: Deps): Limits {
  const known = all.get(installation);
  if (known !== undefined) return known;
  const limit = (most: number, windowMs = WINDOW_MS) => newThrottle({ limit: most, windowMs, clock });
  const limits = {
    account: limit(10),
    source: limit(100),
    everywhere: limit(50),
    proof: limit(10),
    mail: limit(3, 4 * WINDOW_MS),
    mailSource: limit(20),
  };
  all.set(installation, limits);
  return limits;
}
