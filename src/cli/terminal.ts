import { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import type { Terminal } from './context.ts';
import { EXIT, Failure } from './failures.ts';

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', forgiveLeaving);
  return {
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    // Asks Node, which knows NO_COLOR, FORCE_COLOR and what the terminal can do.
    colors: process.stdout.isTTY && process.stdout.hasColors(),
    out: (words) => void process.stdout.write(words),
    err: (words) => void process.stderr.write(words),
    ask,
    readInput: () => text(process.stdin),
  };
}

// Questions go to standard error, so that the answer of a command can be piped. Readline echoes to its output: a hidden
// answer is read with an output that swallows everything. It takes over the terminal before the question is seen, for
// what is typed earlier is echoed by the terminal itself.
async function ask(question: string, hidden?: 'hidden'): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = hidden === undefined ? process.stderr : silent;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    if (hidden !== undefined) process.stderr.write(question);
    return await lines.question(question);
  } catch (error) {
    // Ctrl-C or Ctrl-D instead of an answer.
    throw new Failure(EXIT.usage, 'Not answered; nothing was changed.', { cause: error });
  } finally {
    lines.close();
    if (hidden !== undefined) process.stderr.write('\n');
  }
}

/** Whoever reads may leave early, as `head` does. The command goes on, and ends as it would have. */
function forgiveLeaving(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
