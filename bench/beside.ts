import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from '../src/store/db.ts';
import { type Account, type BenchLab, signIn } from './lab.ts';

/** Somebody and a plant that is out of reach for them, ready to be granted. */
interface Pair {
  readonly userId: string;
  readonly plantId: string;
  readonly organizationId: string;
}

/** A change that was answered: when, in milliseconds of the machine's clock, and at which revision. */
export interface Change {
  readonly at: number;
  readonly revision: number;
}

/** So many people and plants are changed in turn. */
const PAIRS = 200;
/** Of so many people, most of whom are not of the organization whose plant is looked at. */
const LOOKED_AT = 2000;
/** So many may be unanswered. Past that none is begun: the rate falls, and is told, and nobody waits for the lock of changes in vain. */
const MOST_OPEN = 50;
/** Its administrator makes the changes; the measured ones are made by another. */
const ACCOUNT = 'administrator@nordwind.test';
const MADE = z.object({ id: z.string() });

/**
 * Makes changes through the API while `work` is under way, so many per second: each a grant or the withdrawal of it, for people of
 * the loaded installation on plants of other organizations. Returns all that were answered. Throws what `work` or one of them threw.
 */
export async function besideChanges(
  lab: BenchLab,
  db: Db,
  perSecond: number,
  work: () => Promise<void>,
): Promise<readonly Change[]> {
  const account = await signIn(lab, ACCOUNT);
  const pairs = await pairsOf(db);
  const granted: { readonly id: string; readonly pair: Pair }[] = [];
  const next = async (): Promise<Change | undefined> => {
    const open = granted.shift();
    const pair = open?.pair ?? pairs.shift();
    if (pair === undefined) return undefined;
    if (open === undefined) {
      const made = await grant(lab, account, pair);
      granted.push({ id: made.body.id, pair });
      return made;
    }
    const withdrawn = await lab.call(account, {
      method: 'DELETE',
      path: `/grants/${open.id}`,
      answer: z.unknown(),
    });
    pairs.push(pair);
    return withdrawn;
  };
  return paced(perSecond, next, work);
}

/**
 * Calls `next` so many times per second while `work` is under way, by the clock: whether or not the last change was answered.
 * Returns what was. Throws what `work` or one of them threw.
 */
export async function paced(
  perSecond: number,
  next: () => Promise<Change | undefined>,
  work: () => Promise<void>,
): Promise<readonly Change[]> {
  const answered: Change[] = [];
  const started: Promise<void>[] = [];
  let unanswered = 0;
  const once = async (): Promise<void> => {
    try {
      const change = await next();
      if (change !== undefined) answered.push(change);
    } finally {
      unanswered -= 1;
    }
  };
  const timer = pace(perSecond, () => {
    if (unanswered === MOST_OPEN) return;
    unanswered += 1;
    const change = once();
    // What it throws is told below.
    change.catch(() => undefined);
    started.push(change);
  });
  try {
    await work();
  } finally {
    timer.stop();
    await Promise.allSettled(started);
  }
  await Promise.all(started);
  return answered;
}

function grant(lab: BenchLab, by: Account, { userId, plantId, organizationId }: Pair) {
  const body = { userId, plantId, role: 'operator' };
  return lab.call(by, { method: 'POST', path: `/organizations/${organizationId}/grants`, body, answer: MADE });
}

/** Calls back so many times per second on average: a call that comes late is followed by the next at its time. */
function pace(perSecond: number, call: () => void): { stop(): void } {
  const start = performance.now();
  let calls = 0;
  let timer: NodeJS.Timeout | undefined;
  const turn = () => {
    for (; calls < ((performance.now() - start) / 1000) * perSecond; calls++) call();
    timer = setTimeout(turn, Math.max(0, start + (calls / perSecond) * 1000 - performance.now()));
  };
  turn();
  return { stop: () => clearTimeout(timer) };
}

/**
 * Makes people of the installation guests of an organization that is not theirs, and the account an administrator there. That
 * gives nobody a route: guests have none, and the account holds no certificate.
 */
async function pairsOf(db: Db): Promise<Pair[]> {
  const { rows } = await sql<Pair>`
    with people as (
      select user_id, row_number() over (order by md5(user_id::text)) as n from certificates limit ${LOOKED_AT}),
    places as (
      select p.id, p.no, p.organization_id, row_number() over (order by md5(p.id::text)) as n
        from plants p where exists (select from subnets s where s.plant_id = p.id))
    select u.user_id as "userId", p.id as "plantId", p.organization_id as "organizationId"
      from people u join places p on p.n = 1 + u.n % (select count(*) from places)
     where not exists (select from reach r where r.user_id = u.user_id and r.plant_no = p.no)
       and not exists (select from memberships m where m.user_id = u.user_id and m.organization_id = p.organization_id)
     order by u.n limit ${PAIRS}`.execute(db);
  const [users, organizations] = [rows.map(({ userId }) => userId), rows.map(({ organizationId }) => organizationId)];
  await sql`
    insert into memberships (organization_id, user_id, role)
    select organization_id, user_id, 'guest'::organization_role from unnest(${organizations}::uuid[], ${users}::uuid[]) g (organization_id, user_id)
    union
    select organization_id, u.id, 'administrator' from unnest(${organizations}::uuid[]) o (organization_id), users u
     where u.email = ${ACCOUNT}
    on conflict do nothing`.execute(db);
  return rows;
}
