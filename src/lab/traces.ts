import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runner } from '../kernel/run.ts';
import { readRuntime } from './enter.ts';
import { networkIdentity } from './host.ts';
import { machineDeviceOf } from './machine.ts';
import type { Places, Runtime } from './places.ts';
import { NoLab, order } from './socket.ts';

const GONE_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;

/**
 * Takes a lab down and waits until it has left the machine: supervisor, hosts, and its cable to the machine. Does what a
 * supervisor that was killed could not. Harmless when there is no lab. Throws when something stays.
 */
export async function takeDown(runner: Runner, places: Places): Promise<void> {
  const runtime = await readRuntime(places).catch(unlessNoLab);
  await order(places.socket, { order: 'down' }).catch(unlessNoLab);
  const until = performance.now() + GONE_WITHIN_MS;
  for (let left = leftOf(runtime); left.length > 0; left = leftOf(runtime)) {
    if (performance.now() > until) throw new Error(`Still running: ${left.join(', ')}`);
    await delay(LOOK_EVERY_MS);
  }
  // The kernel dismantles the namespaces of a killed host when it comes to it, and this end of the cable with them.
  await runner.run(['ip', 'link', 'del', machineDeviceOf(places.directory)]).catch(() => undefined);
  await Promise.all([rm(places.socket, { force: true }), rm(places.runtime, { force: true })]);
}

function unlessNoLab(error: unknown): undefined {
  if (!(error instanceof NoLab)) throw error;
}

/** What still runs of a lab. */
function leftOf(runtime: Runtime | undefined): string[] {
  if (runtime === undefined) return [];
  const hosts = Object.entries(runtime.hosts).filter(([, { init, network }]) => networkIdentity(init) === network);
  return [...hosts.map(([name]) => name), ...(isSupervisor(runtime.supervisor) ? ['supervisor'] : [])];
}

/** Whether a process is a supervisor; its id may have been given to another one. */
function isSupervisor(pid: number): boolean {
  try {
    return /\blab\b/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
