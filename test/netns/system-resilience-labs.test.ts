/**
 * Two labs beside each other, one with an installation loaded, and what is left of one whose supervisor was killed with -9 and that was then taken down: nothing.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realRunner } from '../../src/kernel/run.ts';
import { readRuntime } from '../../src/lab/enter.ts';
import { networkIdentity } from '../../src/lab/host.ts';
import { type Runtime, placesOf } from '../../src/lab/places.ts';
import { GATEWAYS, type TestLab, bringUp, connectAs, eventually, pageAt } from './resilience-lab.ts';

const UP_MS = 240_000;
const OPERATOR = 'operator@sunfield.test';
const INVERTER = '192.168.1.20';
const GRUENAU = 'Solar park Grünau';
/** The tunnel address of the first of those who are loaded. */
const FIRST_OF_OTHERS = '100.64.239.255';

let labs: readonly TestLab[];

beforeAll(async () => {
  labs = await Promise.all([bringUp(), bringUp('--size', '1000', '--seed', '7')]);
}, UP_MS);
afterAll(async () => {
  for (const lab of labs) await lab.down();
}, UP_MS);

const runner = realRunner();

/** Waits until the operator's laptop opens the web page of Grünau. */
function works(lab: TestLab): Promise<void> {
  return eventually(async () => {
    const answers = await pageAt(lab, 'laptop-1', INVERTER);
    return answers === GRUENAU ? undefined : INVERTER;
  }, 20_000);
}

/** What the machine still has of a lab: processes on its hosts or for it (the supervisor is one), interfaces, mounts, sockets, files. */
async function tracesOf({ folder, status }: TestLab, { hosts, machineDevice }: Runtime): Promise<string[]> {
  const networks = new Set(Object.values(hosts).map(({ network }) => network));
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const inside = processes.filter((pid) => networks.has(networkIdentity(Number(pid)) ?? ''));
  const about = processes.filter((pid) => commandOf(pid).includes(folder));
  const mounted = await Promise.all(
    ['/proc/self/mountinfo', '/proc/net/unix'].map((file) =>
      readFile(file, 'utf8').then((text) => [file, text] as const),
    ),
  );
  const links = await runner.run(['ip', '-brief', 'link']);
  const routes = await runner.run(['ip', 'route', 'show', 'table', 'all']);
  return [
    ...inside.map((pid) => `process ${pid} on a host: ${commandOf(pid)}`),
    ...about.map((pid) => `process ${pid}: ${commandOf(pid)}`),
    ...[links, routes].filter((text) => text.includes(machineDevice)).map(() => machineDevice),
    ...mounted.filter(([, text]) => text.includes(folder)).map(([file]) => file),
    ...['lab.sock', 'lab.json'].filter((file) => existsSync(join(status.stateDirectory, file))),
  ];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

it('a lab that comes up with a size has it in its gateways, and says so', async () => {
  const [plain, sized] = labs;
  expect(plain?.status.beside).toBe(null);
  expect(sized?.status.beside).toEqual({ size: 1000, seed: 7, users: 100, plants: expect.any(Number), routes: 1000 });
  for (const gateway of GATEWAYS)
    expect(await sized?.on(gateway, ['nft', 'list', 'ruleset'])).toContain(FIRST_OF_OTHERS);
});

it('two labs work beside each other, and one leaves nothing behind when its supervisor is killed and it is taken down', async () => {
  const [killed, other] = labs;
  if (killed === undefined || other === undefined) throw new Error('there are two labs');
  for (const lab of labs) {
    await connectAs(lab, 'laptop-1', OPERATOR);
    await works(lab);
  }
  expect(killed.status.url).not.toBe(other.status.url);
  const runtimes = await Promise.all(labs.map((lab) => readRuntime(placesOf(lab.folder, lab.status.name))));
  const [runtime, beside] = runtimes;
  if (runtime === undefined || beside === undefined) throw new Error('both run');
  // What is looked for below is there while the lab is up.
  expect((await tracesOf(killed, runtime)).length).toBeGreaterThan(30);
  // Somebody stopped a daemon; that keeps nothing alive.
  await killed.signal('gw-eu-1', 'gateway', 'SIGSTOP');

  process.kill(runtime.supervisor, 'SIGKILL');
  await killed.lab('down');
  expect(await tracesOf(killed, runtime)).toEqual([]);

  await other.healthy();
  await works(other);
  await other.signal('gw-eu-1', 'gateway', 'SIGSTOP');
  await other.lab('down');
  expect(await tracesOf(other, beside)).toEqual([]);
});
