import { join } from 'node:path';
import { z } from 'zod';
import { overlaps } from '../net/cidr.ts';
import { type PublicKey, verifyBytes } from '../net/keys.ts';
import { readIfThere, writeDurably } from '../wire/files.ts';
import { type AgentState, agentState } from '../wire/state.ts';
import { LAST_GATEWAY } from './names.ts';

/** A state as control sends it: JSON text, and control's signature over exactly that text. */
export interface SignedState {
  readonly state: string;
  readonly signature: string;
}

/** Whose state is taken. */
export interface Issuer {
  readonly controlKey: PublicKey;
  /** The agent's plant. */
  readonly plant: number;
}

/** Why a state was refused, in a sentence. */
export class RefusedState extends Error {
  override readonly name = 'RefusedState';
}

const envelope = z.object({ state: z.string(), signature: z.string() });

/** Checks a state: signed by control, well-formed, for this plant. Throws RefusedState. */
export function verifyState({ state, signature }: SignedState, { controlKey, plant }: Issuer): AgentState {
  if (!verifyBytes(controlKey, Buffer.from(state), signature)) throw new RefusedState('it is not signed by control');
  const parsed = z.safeParse(agentState, parseJson(state));
  if (!parsed.success) throw new RefusedState(`it is malformed: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.plant !== plant) throw new RefusedState(`it is of plant ${parsed.data.plant}, not of this one`);
  const fault = faultOf(parsed.data);
  if (fault !== undefined) throw new RefusedState(fault);
  return parsed.data;
}

/** What the kernel could not hold. */
function faultOf({ gateways, subnets }: AgentState): string | undefined {
  const numbers = gateways.map(({ gateway }) => gateway);
  if (numbers.some((number) => number < 1 || number > LAST_GATEWAY))
    return `gateway numbers go from 1 to ${LAST_GATEWAY}`;
  if (new Set(numbers).size < numbers.length) return 'a gateway is named twice';
  if (subnets.some(({ range, network }) => range.length !== network.length))
    return 'a range differs in size from its subnet';
  const ranges = subnets.map(({ range }) => range);
  const clash = ranges.some((range, at) => ranges.slice(at + 1).some((other) => overlaps(range, other)));
  return clash ? 'two ranges overlap' : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the last state is kept. */
function statePath(stateDir: string): string {
  return join(stateDir, 'state.json');
}

/**
 * Keeps a state over restarts (AVL-4). One file that is replaced whole: the state is one small value, of which only the
 * latest counts. Its signature stays with it, so that it is checked again when it is read.
 */
export async function saveState(stateDir: string, signed: SignedState): Promise<void> {
  await writeDurably(statePath(stateDir), JSON.stringify({ state: signed.state, signature: signed.signature }));
}

/** The state that was kept; undefined when there is none. Throws RefusedState when it is damaged or not this agent's. */
export async function loadState(stateDir: string, issuer: Issuer): Promise<AgentState | undefined> {
  const text = await readIfThere(statePath(stateDir));
  if (text === undefined) return undefined;
  const parsed = envelope.safeParse(parseJson(text));
  if (!parsed.success) throw new RefusedState('it is damaged');
  return verifyState(parsed.data, issuer);
}
