import { join } from 'node:path';
import { sql } from 'kysely';
import { z } from 'zod';
import { openDb } from '../src/store/db.ts';
import { type Account, type BenchLab, type Probe, benchLab, signIn } from './lab.ts';
import { loadRoutes } from './load.ts';
import { type Figure, latencies } from './results.ts';

const TARGET = { p99: 100 };
const ADDRESS = '192.168.1.20';
/** Every so many milliseconds a grant is looked for, and an open connection used. */
const EVERY = { udp: 4, tcp: 1 };
/** Answers after which an open connection counts as open. */
const WARM = 5;

/**
 * `grant.*`: from the API's answer to the first packet that gets through; `withdraw.*`: to the last one of an open TCP
 * connection. A stock client, two gateways, `size` routes installed beside. A change that was in force before the answer
 * counts as 0.
 */
export async function benchAccess(size: number, runs: number): Promise<Figure[]> {
  const lab = await benchLab();
  try {
    await load(lab, size);
    const administrator = await signIn(lab, 'administrator@sunfield.test');
    const member = await signIn(lab, 'member@sunfield.test');
    const profile = join(lab.folder, 'laptop.conf');
    await lab.parkway(member, 'certificate', 'issue', '--out', profile);
    await lab.lab('connect', 'laptop-1', profile);
    const grant = await grantOf(lab, administrator, member);
    const probe = lab.probe('laptop-1');
    const granted: number[] = [];
    const withdrawn: number[] = [];
    for (let run = 0; run < runs; run++) {
      const { id, latency } = await measureGrant(lab, administrator, grant, probe);
      granted.push(latency);
      withdrawn.push(await measureWithdrawal(lab, administrator, id, probe));
    }
    probe.stop();
    return [...latencies('grant', granted, TARGET), ...latencies('withdraw', withdrawn, TARGET)];
  } finally {
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
  const first = probe.next(({ kind }) => kind === 'answer');
  probe.tell(`udp ${ADDRESS} ${EVERY.udp}`);
  const made = await lab.call(by, { method: 'POST', path, body, answer: MADE });
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

async function load({ status }: BenchLab, size: number): Promise<void> {
  const host = join(status.stateDirectory, 'hosts/control/state/postgres/socket');
  const db = openDb({ host, port: 5432, user: 'parkway', database: 'parkway' });
  try {
    const revision = await loadRoutes(db, size);
    const deadline = Date.now() + 120_000;
    for (;;) {
      const { rows } = await sql<{ behind: number }>`
        select count(*) as behind from gateways g left join gateway_status s on s.gateway_no = g.no
         where coalesce(s.applied, 0) < ${revision}::bigint`.execute(db);
      if (rows[0]?.behind === 0) return;
      if (Date.now() > deadline) throw new Error('the gateways did not take the load within two minutes');
      await sql`select pg_sleep(0.1)`.execute(db);
    }
  } finally {
    await db.destroy();
  }
}
