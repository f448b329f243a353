/** The reading of what `listen.pl` prints: which transactions of a table are somebody else's. Pure. */
import { fileURLToPath } from 'node:url';
import type { Foreign } from './nft.ts';

/** What the reading holds. Generations are the kernel's count of transactions, numbers ours. */
export interface ListenState {
  /** Generation minus number at our last transaction that was seen, and one more for each that was not ours since. */
  readonly offset: number | undefined;
  /** Our last number that was seen. */
  readonly last: number;
}

/** What a line says. */
export interface Heard {
  readonly state: ListenState;
  /** Somebody else's change. */
  readonly foreign?: Foreign;
  /** `ours`: a transaction of ours. `lost`: it is listening from here on, and only one of ours tells what it missed. */
  readonly what: 'ours' | 'lost' | 'other';
}

const SCRIPT = fileURLToPath(new URL('listen.pl', import.meta.url));

/** Memory of the kernel for messages that wait, bytes: a transaction of some 100,000 elements while nobody reads. */
const BUFFER = 32 * 1024 * 1024;

const CHANGE = /^(\d+) (-|\d+) (gone|frame|rest) (\S+) \.$/;

/** The command that prints the lines of a table. */
export function listenTo(table: string): string[] {
  return ['perl', SCRIPT, table, String(BUFFER)];
}

/**
 * Reads one line. A transaction is ours when it carries a number that we gave out: not lower than the last that was seen, not
 * above `highest`, the one under way. One of ours tells whether any was missed before it, by the generations counted: so
 * also a dump of the table, our number included, that somebody loads again. A line that was cut off by the end of the
 * program says nothing.
 */
export function readLine(state: ListenState, line: string, highest: number): Heard {
  if (/^lost \d+ \.$/.test(line)) return { state, what: 'lost' };
  const [, generation, stamp, what, names] = CHANGE.exec(line) ?? [];
  if (generation === undefined) return { state, what: 'other' };
  const number = Number(stamp);
  if (number >= state.last && number <= highest) return ours(state, Number(generation), number);
  const next = { ...state, offset: state.offset === undefined ? undefined : state.offset + 1 };
  const sets = what === 'gone' ? 'all' : names === undefined || names === '-' ? [] : names.split(',');
  if (what === 'rest' && sets.length === 0) return { state: next, what: 'other' };
  return { state: next, what: 'other', foreign: foreign(what === 'rest' ? 'rest' : 'frame', sets) };
}

/** Both of two changes as one. */
export function bothForeign(a: Foreign, b: Foreign): Foreign {
  return {
    detail: a.detail === b.detail ? a.detail : `${a.detail}; ${b.detail}`,
    isFrame: a.isFrame || b.isFrame,
    sets: a.sets === 'all' || b.sets === 'all' ? 'all' : [...new Set([...a.sets, ...b.sets])],
  };
}

/** What is said when anything may have been changed. */
export function anythingForeign(detail: string): Foreign {
  return { detail, isFrame: true, sets: 'all' };
}

function ours(state: ListenState, generation: number, number: number): Heard {
  const offset = generation - number;
  const next = { offset, last: number };
  if (state.offset === undefined || state.offset === offset) return { state: next, what: 'ours' };
  return { state: next, what: 'ours', foreign: anythingForeign('changes were made that were not seen') };
}

function foreign(what: 'frame' | 'rest', sets: Foreign['sets']): Foreign {
  const isFrame = what === 'frame';
  if (sets === 'all') return anythingForeign('the table or sets were removed');
  const elements = sets.length === 0 ? [] : [`elements of ${sets.join(', ')} were changed`];
  return {
    detail: [...(isFrame ? ['rules, chains or sets were changed'] : []), ...elements].join('; '),
    isFrame,
    sets,
  };
}
