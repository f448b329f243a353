import type { KeyPair } from '../net/keys.ts';
import { type IpState, ipBatch, planIp, readIp } from '../kernel/ip.ts';
import type { NftTable } from '../kernel/nft.ts';
import { KernelError, type Runner } from '../kernel/run.ts';
import { ensureSysctls } from '../kernel/sysctl.ts';
import {
  type WgState,
  configureWg,
  createWgInterface,
  readAllWg,
  readWg,
  removeWgPeers,
  setWgPeers,
} from '../kernel/wg.ts';
import type { AgentState } from '../wire/state.ts';
import { isTunnelName } from './names.ts';
import { ipWanted, sysctlsOf, tablesOf, tunnelsOf } from './network.ts';
import { type TunnelPlan, planTunnels } from './plan.ts';
import { tableText, updateText } from './rules.ts';

export interface Kernel {
  readonly runner: Runner;
  readonly nft: NftTable;
  /** The agent's WireGuard key. */
  readonly tunnelKey: KeyPair;
  /** The state whose rules the table holds; undefined when that is not known, so that the table is loaded whole. */
  readonly rules: { loaded: AgentState | undefined };
}

/**
 * Brings the kernel to a state and returns what it changed, as text; nothing when all was as it should be.
 *
 * The rule set changes first, as one transaction, and alone decides who passes: that is what a change of access waits for.
 * Then tunnels to gateways that are gone end, and new ones are made. A tunnel that cannot be made does not hold up the
 * others. Throws AggregateError of what failed.
 */
export async function reconcile(kernel: Kernel, state: AgentState): Promise<string[]> {
  const attempts = newAttempts();
  await attempts.some(() => loadRules(kernel, state));
  const before = await readKernel(kernel, state);
  const plan = planTunnels(tunnelsOf(state), before.tunnels, kernel.tunnelKey.publicKey);
  for (const dev of plan.remove)
    await attempts.run(`remove ${dev}`, () => ipBatch(kernel.runner, [`link del dev ${dev}`]));
  for (const { dev, keys } of plan.unpeer)
    await attempts.run(`remove peers of ${dev}`, () => removeWgPeers(kernel.runner, dev, keys));

  for (const dev of plan.create) await attempts.run(`create ${dev}`, () => createWgInterface(kernel.runner, dev));
  await configure(kernel, plan, attempts);
  await settle(kernel, state, plan, before.ip, attempts);
  attempts.conclude();
  return attempts.done;
}

/**
 * Loads the rules of a state. When the change fails the table is made anew, and when that fails as well what withdraws is
 * applied alone: a grant that cannot be made keeps nobody in. Returns what it changed, as text.
 */
export async function loadRules({ nft, rules }: Kernel, state: AgentState): Promise<string[]> {
  const { loaded } = rules;
  if (loaded === state) return [];
  const update = loaded?.address === state.address ? updateText(loaded, state) : undefined;
  const change = update === undefined ? undefined : update.withdraw + update.grant;
  if (change !== '') {
    rules.loaded = undefined;
    if (change === undefined || !(await succeeds(() => nft.apply(change)))) {
      await loadTable(nft, state, update?.withdraw ?? '');
    }
  }
  rules.loaded = state;
  return change === '' ? [] : ['load rules'];
}

async function loadTable(nft: NftTable, state: AgentState, withdraw: string): Promise<void> {
  try {
    await nft.apply(tableText(state));
  } catch (error) {
    if (withdraw !== '') await nft.apply(withdraw);
    throw error;
  }
}

async function succeeds(step: () => Promise<void>): Promise<boolean> {
  return step().then(
    () => true,
    () => false,
  );
}

async function configure(kernel: Kernel, plan: TunnelPlan, attempts: Attempts): Promise<void> {
  const { privateKey } = kernel.tunnelKey;
  for (const dev of plan.key)
    await attempts.run(`set key of ${dev}`, () => configureWg(kernel.runner, dev, { privateKey }));
  for (const { dev, peer } of plan.peer)
    await attempts.run(`set peer of ${dev}`, () => setWgPeers(kernel.runner, dev, [peer]));
}

async function settle(
  kernel: Kernel,
  state: AgentState,
  plan: TunnelPlan,
  before: IpState,
  attempts: Attempts,
): Promise<void> {
  const moved = plan.remove.length + plan.create.length > 0;
  const ip = moved ? await readIp(kernel.runner, tablesOf(state)) : before;
  const present = new Set(ip.links.map(({ dev }) => dev).filter(isTunnelName));
  const lines = planIp(ipWanted(state, present), ip);
  if (lines.length > 0) await attempts.run(lines.join('; '), () => ipBatch(kernel.runner, lines));
  await attempts.some(() => ensureSysctls(kernel.runner, sysctlsOf(state, present)));
}

async function readKernel(
  { runner }: Kernel,
  state: AgentState,
): Promise<{ ip: IpState; tunnels: Map<string, WgState | undefined> }> {
  const ip = await readIp(runner, tablesOf(state));
  const devices = ip.links.map(({ dev }) => dev).filter(isTunnelName);
  return { ip, tunnels: await readTunnels(runner, devices) };
}

/** Reads tunnels back; undefined for one that does not answer, which is the concern of the next reconciliation. */
export async function readTunnels(
  runner: Runner,
  devices: readonly string[],
): Promise<Map<string, WgState | undefined>> {
  if (devices.length === 0) return new Map();
  const all = await readIfAnswers(() => readAllWg(runner));
  const tunnels = new Map<string, WgState | undefined>();
  for (const dev of devices) tunnels.set(dev, all?.get(dev) ?? (await readIfAnswers(() => readWg(runner, dev))));
  return tunnels;
}

async function readIfAnswers<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}

/** Steps of which one may fail without keeping the next from being tried. */
interface Attempts {
  /** What was changed. */
  readonly done: string[];
  run(what: string, step: () => Promise<void>): Promise<void>;
  /** Runs a step that says what it changed. */
  some(step: () => Promise<readonly string[]>): Promise<void>;
  /** Throws AggregateError when a step failed. */
  conclude(): void;
}

function newAttempts(): Attempts {
  const [done, failed]: [string[], unknown[]] = [[], []];
  const some: Attempts['some'] = async (step) => {
    try {
      done.push(...(await step()));
    } catch (error) {
      failed.push(error);
    }
  };
  return {
    done,
    some,
    run: (what, step) => some(() => step().then(() => [what])),
    conclude: () => {
      if (failed.length > 0) throw new AggregateError(failed, failed.map(String).join('; '));
    },
  };
}
