import type { Follower, RunOptions, Runner } from './run.ts';
import { KernelError } from './run.ts';

/** A runner that starts nothing: it writes down what it is told and answers as the test says. */
export interface FakeRunner extends Runner {
  /** Every command in order: its arguments on one line, its input indented below. Private keys are left out. */
  text(): string;
  /** Forgets what was written down. */
  clear(): void;
  /** Hands a line to every program that is being followed with exactly these arguments. */
  emit(argv: string, line: string): void;
}

/** Returns the output of a command, or throws to make it fail. Undefined: the command is not known. */
export type FakeAnswer = (argv: string, input: string) => string | undefined;

/**
 * Makes a fake runner. `answer` is asked for each command line; one that it does not know fails the run, so that a test
 * notices every command it did not expect.
 */
export function fakeRunner(answer: FakeAnswer): FakeRunner {
  const log: string[] = [];
  const followers: { argv: string; onLine: (line: string) => void; end: () => void }[] = [];

  async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const line = argv.join(' ');
    const input = options.input ?? '';
    log.push(line, ...shown(line, input));
    const output = answer(line, input);
    if (output === undefined) throw new KernelError(argv, 'the fake kernel does not know this command', '');
    return output;
  }

  function follow(argv: readonly string[], onLine: (line: string) => void): Follower {
    const line = argv.join(' ');
    log.push(`${line} &`);
    const { promise, resolve } = Promise.withResolvers<void>();
    const follower = { argv: line, onLine, end: resolve };
    followers.push(follower);
    return { pid: undefined, stop: resolve, ended: promise };
  }

  return {
    run,
    follow,
    text: () => log.join('\n'),
    clear: () => void log.splice(0),
    emit: (argv, line) => followers.filter((f) => f.argv === argv).forEach((f) => f.onLine(line)),
  };
}

function shown(line: string, input: string): string[] {
  if (line.includes('private-key')) return ['  (a private key)'];
  return input.split('\n').flatMap((text) => (text === '' ? [] : [`  ${text}`]));
}
