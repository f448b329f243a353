import { setTimeout as sleep } from 'node:timers/promises';
import { type PrivateKey, openSealed, toPrivateKey } from '../net/keys.ts';
import { KernelError, type Runner } from '../kernel/run.ts';
import {
  type WgSettings,
  type WgState,
  configureWg,
  createWgInterface,
  readWg,
  removeWgPeers,
  setWgPeers,
} from '../kernel/wg.ts';
import { AGENTS_DEVICE, type Peer, peersOf, slotDevice } from './compile.ts';
import { slotMark } from './network.ts';
import { planDevice } from './reconcile.ts';
import type { State } from './state.ts';

export interface TunnelDeps {
  readonly runner: Runner;
  /** Opens the slots' keys, and is the key of the agents' interface. */
  readonly tunnelKey: PrivateKey;
  /** UDP port of the agents' interface. */
  readonly port: number;
}

/** A new interface of wireguard-go answers a moment after its process has gone to the background. */
const READ_TRIES = 40;
const READ_PAUSE_MS = 25;

/** The interfaces that there shall be. */
export function tunnelDevices(state: State): string[] {
  return [AGENTS_DEVICE, ...state.slots.keys().map(slotDevice)];
}

/** Makes all interfaces, their keys and their peers what they shall be. Returns what was done. */
export async function ensureTunnels(deps: TunnelDeps, state: State): Promise<string[]> {
  const done: string[] = [];
  for (const dev of tunnelDevices(state)) done.push(...(await ensureTunnel(deps, state, dev)));
  return done;
}

/** Makes one interface what it shall be; one that there shall not be is left alone. Returns what was done. */
export async function ensureTunnel(deps: TunnelDeps, state: State, dev: string): Promise<string[]> {
  const settings = settingsOf(deps, state, dev);
  return settings === undefined ? [] : ensureDevice(deps.runner, dev, settings, () => peersOf(state, dev));
}

function settingsOf({ tunnelKey, port }: TunnelDeps, state: State, dev: string): WgSettings | undefined {
  if (dev === AGENTS_DEVICE) return { privateKey: tunnelKey, port };
  const row = [...state.slots.values()].find(({ slot }) => slotDevice(slot) === dev);
  if (row === undefined) return undefined;
  const key = openSealed(tunnelKey, `slot ${row.slot}`, row.sealedKey).toString('base64');
  return { privateKey: toPrivateKey('x25519', key), port: row.port, fwmark: slotMark(row.slot) };
}

async function ensureDevice(
  runner: Runner,
  dev: string,
  settings: WgSettings,
  wanted: () => readonly Peer[],
): Promise<string[]> {
  const actual = await readIfThere(runner, dev);
  const steps = planDevice(settings, wanted(), actual);
  if (steps.create) {
    // What a dead wireguard-go leaves behind is in the way of the next one.
    await runner.run(['ip', 'link', 'del', 'dev', dev]).catch(() => undefined);
    await createWgInterface(runner, dev);
    await answering(runner, dev);
  }
  if (steps.configure) await configureWg(runner, dev, settings);
  await removeWgPeers(runner, dev, steps.remove);
  await setWgPeers(runner, dev, steps.set);
  return [
    ...(steps.create ? [`${dev} created`] : steps.configure ? [`${dev} configured`] : []),
    ...(steps.remove.length > 0 ? [`${dev}: ${steps.remove.length} peers removed`] : []),
    ...(steps.set.length > 0 ? [`${dev}: ${steps.set.length} peers set`] : []),
  ];
}

/** There is no interface, or a wireguard-go that is dead; and one that hangs, until the run is ended. */
const NO_TUNNEL = /Unable to access interface|ended with SIGKILL/;

/**
 * Reads an interface; undefined when there is none, or one that nothing answers for. Another failure says nothing about the
 * tunnel, such as a machine that can start no process at the moment: that must not cost anybody a tunnel that works.
 */
async function readIfThere(runner: Runner, dev: string): Promise<WgState | undefined> {
  try {
    return await readWg(runner, dev);
  } catch (error) {
    if (error instanceof KernelError && NO_TUNNEL.test(error.message)) return undefined;
    throw error;
  }
}

async function answering(runner: Runner, dev: string): Promise<WgState> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readWg(runner, dev);
    } catch (error) {
      if (tries === READ_TRIES) throw error;
      await sleep(READ_PAUSE_MS);
    }
  }
}
