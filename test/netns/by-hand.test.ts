/**
 * What a person does by hand: the lab, `parkway`, and a stock client on a laptop behind NAT. Every step goes through the
 * command line; the steps build on each other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelError, realRunner } from '../../src/kernel/run.ts';
import { machineDeviceOf } from '../../src/lab/machine.ts';
import { type LabDriver, openLabDriver } from './lab-driver.ts';

const runner = realRunner();
const OPERATOR = 'operator@sunfield.test';
const ADMINISTRATOR = 'administrator@sunfield.test';
const GRUENAU = 'Solar park Grünau';
const MOOS = 'Solar park Moos';
const SAALE = 'Solar park Saale';
const EMDEN = 'Battery park Emden';
/** At this address there is a device of Saale (10.16.0.0/12) and one of Emden (10.17.0.0/16). */
const SHARED = '10.17.5.20';

let lab: LabDriver;

beforeAll(async () => {
  lab = await openLabDriver([OPERATOR, ADMINISTRATOR]);
});
afterAll(() => lab.down());

const parkway = (email: string, ...words: string[]) => lab.parkway(email, ...words);
const onLaptop = (...argv: string[]) => parkway(OPERATOR, 'lab', 'exec', 'laptop-1', '--', ...argv);

/** Which plant's web page answers at an address, for the laptop. */
async function pageAt(address: string): Promise<string> {
  const page = await onLaptop('curl', '-s', '-m', '2', `http://${address}/`).catch((error: unknown) => {
    if (error instanceof KernelError) return '';
    throw error;
  });
  return /Plant: ([^<]*)/.exec(page)?.[1] ?? 'nobody';
}

/** What a session runs, for longer than any test takes. */
const LASTING = 'sleep 100';

/** Opens an SSH session that lasts until `endSessions`, and resolves with how it ended: so, by a reset, or in silence. */
async function session(address: string): Promise<'lasted' | 'reset' | 'silence'> {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'ServerAliveInterval=1',
    'ServerAliveCountMax=10',
  ];
  const ssh = ['ssh', ...options.flatMap((option) => ['-o', option]), '-i', lab.status.devices.keyFile];
  try {
    await onLaptop(...ssh, `service@${address}`, `${LASTING} || true`);
    return 'lasted';
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return /reset by peer|broken pipe/i.test(error.stderr) ? 'reset' : 'silence';
  }
}

/** Waits until a device holds this many of those sessions. */
async function sessionsOn(host: string, count: number): Promise<void> {
  const held = () => parkway(OPERATOR, 'lab', 'exec', host, '--', 'sh', '-c', `pgrep -c -f '^${LASTING}' || true`);
  await expect.poll(async () => Number(await held()), { timeout: 10_000 }).toBe(count);
}

/** Ends what the sessions on a device run. */
const endSessions = (host: string) => parkway(OPERATOR, 'lab', 'exec', host, '--', 'pkill', '-f', `^${LASTING}`);

async function routes(): Promise<Record<string, string>> {
  const { items }: { items: { plantName: string; status: string }[] } = JSON.parse(
    await parkway(OPERATOR, 'routes', '--json'),
  );
  return Object.fromEntries(items.map(({ plantName, status: of }) => [plantName, of]));
}

function aliasOf(plant: string, host: number): string {
  const alias = lab.status.plants?.find(({ name }) => name === plant)?.subnets[0]?.alias ?? '';
  return alias.replace(/\d+\/24$/, String(host));
}

const grant = (plant: string) =>
  parkway(
    ADMINISTRATOR,
    'grants',
    'add',
    '--organization',
    'Sunfield',
    '--user',
    OPERATOR,
    '--plant',
    plant,
    '--role',
    'operator',
    '--wait',
  );

async function withdraw(plant: string): Promise<void> {
  const list = await parkway(ADMINISTRATOR, 'grants', 'list', '--organization', 'Sunfield', '--json');
  const { items }: { items: { id: string; user: { email: string }; plant: { name: string } | null }[] } =
    JSON.parse(list);
  const id = items.find((one) => one.user.email === OPERATOR && one.plant?.name === plant)?.id ?? '';
  await parkway(ADMINISTRATOR, 'grants', 'remove', id, '--yes', '--wait');
}

const conf = () => join(lab.folder, 'laptop.conf');

describe('by hand', () => {
  it('issues a certificate and opens the web page of a device (VPN-1, VPN-3)', async () => {
    await parkway(OPERATOR, 'certificate', 'issue', '--out', conf(), '--wait');
    await parkway(OPERATOR, 'lab', 'connect', 'laptop-1', conf());
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 20_000 }).toBe(GRUENAU);
    expect(await routes()).toEqual({ [GRUENAU]: 'active' });
  });

  it('shows a second plant on the same range as a conflict, and both by alias (VPN-9, VPN-10)', async () => {
    await grant(MOOS);
    expect(await routes()).toEqual({ [GRUENAU]: 'active', [MOOS]: 'conflict' });
    expect(await pageAt('192.168.1.20')).toBe(GRUENAU);
    expect(await pageAt(aliasOf(GRUENAU, 20))).toBe(GRUENAU);
    expect(await pageAt(aliasOf(MOOS, 20))).toBe(MOOS);
  });

  it('moves the range on "use": the native connection ends, the one by alias lives (VPN-9)', async () => {
    const native = session('192.168.1.20');
    const byAlias = session(aliasOf(GRUENAU, 20));
    await sessionsOn('inverter.gruenau', 2);
    await parkway(OPERATOR, 'routes', 'use', MOOS, '--yes', '--wait');
    expect(await pageAt('192.168.1.20')).toBe(MOOS);
    expect(await native).toBe('reset');
    await endSessions('inverter.gruenau');
    expect(await byAlias).toBe('lasted');
  });

  it('ends open sessions when the grant is withdrawn, and gives the range back (VPN-8)', async () => {
    const open = session('192.168.1.20');
    await sessionsOn('inverter.moos', 1);
    await withdraw(MOOS);
    expect(await open).toBe('reset');
    expect(await pageAt(aliasOf(MOOS, 20))).toBe('nobody');
    expect(await pageAt('192.168.1.20')).toBe(GRUENAU);
  });

  it('keeps every address where it was when a part of it is granted elsewhere, until the choice (VPN-9)', async () => {
    await grant(SAALE);
    expect(await pageAt(SHARED)).toBe(SAALE);
    await grant(EMDEN);
    expect(await pageAt(SHARED)).toBe(SAALE);
    await parkway(OPERATOR, 'routes', 'use', EMDEN, '--yes', '--wait');
    expect(await pageAt(SHARED)).toBe(EMDEN);
    expect(await pageAt('10.16.0.20')).toBe(SAALE);
    await withdraw(EMDEN);
    expect(await pageAt(SHARED)).toBe(SAALE);
  });

  it('pauses and resumes a route (VPN-11)', async () => {
    await parkway(OPERATOR, 'routes', 'pause', GRUENAU, '--wait');
    expect(await pageAt('192.168.1.20')).toBe('nobody');
    await parkway(OPERATOR, 'routes', 'resume', GRUENAU, '--wait');
    expect(await pageAt('192.168.1.20')).toBe(GRUENAU);
  });

  it('rotates the key: the old file is dead, the new one works, the address is the same (VPN-4)', async () => {
    const address = async () => /Address = (\S+)/.exec(await readFile(conf(), 'utf8'))?.[1];
    const before = await address();
    await parkway(OPERATOR, 'certificate', 'rotate', '--out', conf(), '--force', '--wait');
    expect(await pageAt('192.168.1.20')).toBe('nobody');
    expect(await address()).toBe(before);
    await parkway(OPERATOR, 'lab', 'connect', 'laptop-1', conf());
    await expect.poll(() => pageAt('192.168.1.20'), { timeout: 20_000 }).toBe(GRUENAU);
  });

  it('shows a plant whose machine died as unreachable within 5 s (VPN-12)', async () => {
    await parkway(OPERATOR, 'lab', 'fail', 'plant-gruenau');
    await expect.poll(async () => (await routes())[GRUENAU], { timeout: 5000 }).toBe('unreachable');
    await parkway(OPERATOR, 'lab', 'restore', 'plant-gruenau');
    await expect.poll(async () => (await routes())[GRUENAU], { timeout: 30_000 }).toBe('active');
  });

  it('revokes: disconnected at once; a new certificate may carry aliases only (VPN-4, VPN-18)', async () => {
    await parkway(OPERATOR, 'certificate', 'revoke', '--yes', '--wait');
    expect(await pageAt('192.168.1.20')).toBe('nobody');
    await parkway(OPERATOR, 'certificate', 'issue', '--alias-only', '--out', conf(), '--force', '--wait');
    expect(await readFile(conf(), 'utf8')).toContain('AllowedIPs = 100.96.0.0/11\n');
    await parkway(OPERATOR, 'lab', 'connect', 'laptop-1', conf());
    await expect.poll(() => pageAt(aliasOf(GRUENAU, 20)), { timeout: 20_000 }).toBe(GRUENAU);
    expect(await pageAt('192.168.1.20')).toBe('nobody');
  });

  it('leaves nothing on the machine when the lab is taken down', async () => {
    const supervisor: { supervisor: number } = JSON.parse(
      await readFile(join(lab.status.stateDirectory, 'lab.json'), 'utf8'),
    );
    process.kill(supervisor.supervisor, 'SIGKILL');
    await parkway(ADMINISTRATOR, 'lab', 'down');
    expect(await runner.run(['ip', '-brief', 'link'])).not.toContain(machineDeviceOf(lab.status.stateDirectory));
    expect(await runner.run(['ps', '-eo', 'args'])).not.toContain(lab.status.stateDirectory);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(lab.status.stateDirectory);
  });
});
