/**
 * `agent` owns the plant's end: it enrols with a token, keeps the state that control signs for its plant, and keeps the
 * kernel as that state says. It dials out only (AGT-1), knows nothing of any other plant (AGT-3), and works on from disk
 * when control is away (AVL-4).
 */
import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../net/clock.ts';
import { signBytes } from '../net/keys.ts';
import { nftTable } from '../kernel/nft.ts';
import type { Runner } from '../kernel/run.ts';
import { enroll } from '../wire/enroll.ts';
import { type Identity, type Keys, loadKeys, obtainIdentity } from '../wire/identity.ts';
import { type Instruction, type Link, connectLink } from '../wire/link.ts';
import type { AgentState } from '../wire/state.ts';
import { type FromDaemonJson, helloBytes } from '../wire/sync.ts';
import { type Keeper, startKeeper } from './keeper.ts';
import { TABLE } from './names.ts';
import { probeResponder } from './probe.ts';
import { RefusedState, type SignedState, loadState, saveState, verifyState } from './state.ts';

export interface AgentOptions {
  /** Control's base URL. */
  readonly controlUrl: string;
  readonly stateDir: string;
  /** File with a single-use token, for an agent that has no identity yet. */
  readonly tokenFile: string | undefined;
  readonly runner: Runner;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Agent {
  /** Ends the daemon and leaves tunnels and rules in place. */
  close(): Promise<void>;
}

const ENROL_AGAIN_MS = 2000;

/** What the parts of one running agent share. */
interface Context {
  readonly options: AgentOptions;
  readonly keys: Keys;
  readonly identity: Identity;
  /** The state on disk. */
  held: AgentState | undefined;
  /** The state in the kernel. */
  applied: AgentState | undefined;
}

/**
 * Starts the agent: enrols it when it is new, brings the kernel to the state on disk, then connects. Resolves when it is
 * enrolled. Throws NotEnrolled or EnrollmentError when it cannot be; waits while control is out of reach.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { stateDir, log } = options;
  const keys = await loadKeys(stateDir);
  const identity = await identify(options, keys);
  const context: Context = { options, keys, identity, held: await storedState(options, identity), applied: undefined };

  const say = (message: FromDaemonJson): void => void link?.send(message);
  const keeper = keep(context, say);
  if (context.held !== undefined) keeper.set(context.held);
  const link: Link = connect(context, keeper, say);
  log.info({ plant: identity.number, revision: context.held?.revision ?? 0 }, 'agent started');

  return {
    close: async () => {
      await link.close();
      await keeper.close();
    },
  };
}

function identify({ controlUrl: url, stateDir, tokenFile, log }: AgentOptions, keys: Keys): Promise<Identity> {
  const onWait = (reason: string) => log.warn({ reason }, 'cannot enrol yet');
  return obtainIdentity({ kind: 'agent', url, stateDir, tokenFile, enroll, onWait, waitMs: ENROL_AGAIN_MS }, keys);
}

async function storedState({ stateDir, log }: AgentOptions, identity: Identity): Promise<AgentState | undefined> {
  try {
    return await loadState(stateDir, issuer(identity));
  } catch (error) {
    if (!(error instanceof RefusedState)) throw error;
    log.error({ reason: error.message }, 'the state on disk is of no use; waiting for control');
    return undefined;
  }
}

function issuer({ controlKey, number }: Identity): { controlKey: Identity['controlKey']; plant: number } {
  return { controlKey, plant: number };
}

function keep(context: Context, say: (message: FromDaemonJson) => void): Keeper {
  const { runner, log } = context.options;
  return startKeeper({
    kernel: {
      runner,
      nft: nftTable(runner, TABLE, randomInt(1, 2 ** 31)),
      tunnelKey: context.keys.tunnel,
      rules: { loaded: undefined },
    },
    probes: probeResponder(),
    clock: context.options.clock,
    onApplied: (state) => {
      context.applied = state;
      log.info({ revision: state.revision }, 'applied');
      say({ type: 'ack', revision: state.revision });
    },
    onRepaired: (what) => {
      log.warn({ what }, 'repaired');
      say({ type: 'repaired', what: 'kernel', detail: what.slice(0, 2000) });
    },
    onFailed: (error) => log.error({ error: String(error) }, 'the kernel refused; trying again'),
  });
}

function connect(context: Context, keeper: Keeper, say: (message: FromDaemonJson) => void): Link {
  const { options, keys, identity } = context;
  return connectLink({
    url: options.controlUrl,
    hello: (nonce) => ({
      type: 'hello',
      kind: 'agent',
      id: identity.id,
      signature: signBytes(keys.identity.privateKey, helloBytes('agent', identity.id, nonce)),
      have: context.held?.revision ?? 0,
      clock: options.clock.now(),
    }),
    onMessage: (message) => receive(context, keeper, message),
    onState: (connected, reason) => {
      options.log.info({ connected, reason }, 'control');
      // Control may have missed the acknowledgement of a state that was applied while the link was down.
      if (connected && context.applied !== undefined) say({ type: 'ack', revision: context.applied.revision });
    },
  });
}

async function receive(context: Context, keeper: Keeper, message: Instruction): Promise<void> {
  const { log } = context.options;
  if (message.type === 'agent-state') return accept(context, keeper, message);
  if (message.type === 'refused')
    return log.error({ code: message.code, detail: message.detail }, 'refused by control');
  log.error({ type: message.type }, 'control sent a message that is none of an agent’s');
}

/** Checks a state, keeps it on disk, and only then hands it to the kernel. What is refused changes nothing. */
async function accept(context: Context, keeper: Keeper, signed: SignedState): Promise<void> {
  const { stateDir, log } = context.options;
  try {
    const state = verifyState(signed, issuer(context.identity));
    const before = context.held?.revision ?? 0;
    if (state.revision < before)
      log.warn({ before, now: state.revision }, 'control went back: its database was restored');
    await saveState(stateDir, signed);
    context.held = state;
    keeper.set(state);
  } catch (error) {
    if (!(error instanceof RefusedState)) throw error;
    log.error({ reason: error.message }, 'refused a state');
  }
}
