import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { KernelError, type RunOptions, type Runner, TIMEOUT_MS, openMemory, realRunner } from './run.ts';

const SCRIPT = fileURLToPath(new URL('launch.pl', import.meta.url));

/** What a program that was asked for is told: `<process id>`, `ended <wait status>`, or that nothing more will come. */
type Answer = (text: string) => void;

/** A launcher that runs. */
interface Launcher {
  readonly child: ChildProcess;
  readonly waiting: Map<string, Answer>;
}

/**
 * The runner for a daemon that holds much: Node copies its page tables for each program that it starts, which stops it for 40 ms
 * at 500 MB. A small process that is started at once, while there is little to copy, starts them instead (`launch.pl`); it goes
 * with this one, and is replaced when it dies.
 */
export function launchingRunner(): Runner {
  const real = realRunner();
  let launcher: Launcher | undefined;
  let count = 0;

  function open(): Launcher {
    const opened = openLauncher(() => {
      if (launcher === opened) launcher = undefined;
    });
    return opened;
  }

  async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    launcher ??= open();
    const input = options.input === undefined ? undefined : openMemory(options.input);
    const out = openMemory('');
    const err = openMemory('');
    try {
      const words = [String((count += 1)), String(input ?? '-'), String(out), String(err), ...argv];
      const outcome = await launch(launcher, words, options.timeoutMs ?? TIMEOUT_MS);
      if (outcome !== undefined) throw new KernelError(argv, outcome, readFileSync(err, 'utf8'));
      return readFileSync(out, 'utf8');
    } finally {
      for (const file of [input, out, err]) if (file !== undefined) closeSync(file);
    }
  }

  launcher = open();
  return { run, follow: (argv, onLine) => real.follow(argv, onLine) };
}

/** Starts a launcher. It keeps this process alive only while something runs. */
function openLauncher(onEnd: () => void): Launcher {
  const child = spawn('perl', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<string, Answer>();
  const { stdin, stdout } = child;
  for (const stream of [stdin, stdout]) if (stream instanceof Socket) stream.unref();
  child.unref();
  // What was written to one that is gone is answered by its end.
  stdin.on('error', () => undefined);
  createInterface({ input: stdout }).on('line', (line) => {
    const at = line.indexOf(' ');
    waiting.get(line.slice(0, at))?.(line.slice(at + 1));
  });
  child.on('exit', onEnd);
  const fail = (reason: string) => {
    onEnd();
    for (const answer of waiting.values()) answer(reason);
  };
  child.on('error', (error) => fail(error.message));
  child.on('close', () => fail('its launcher ended'));
  return { child, waiting };
}

/** Has a program run to its end. Returns undefined when it succeeded, else how it ended. */
async function launch({ child, waiting }: Launcher, words: readonly string[], ms: number): Promise<string | undefined> {
  const [id = ''] = words;
  let pid: number | undefined;
  // One that does not even answer is of no use to the others.
  const timer = setTimeout(() => (pid === undefined ? child.kill('SIGKILL') : end(pid)), ms);
  const ended = new Promise<string | undefined>((resolve) => {
    waiting.set(id, (text) => {
      if (/^\d+$/.test(text)) pid = Number(text);
      else resolve(text === 'ended 0' ? undefined : outcomeOf(text));
    });
  });
  child.ref();
  child.stdin?.write(`${words.map(encodeURIComponent).join(' ')}\n`);
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
    waiting.delete(id);
    if (waiting.size === 0) child.unref();
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended in time, but this process stood still and has not read so yet.
  }
}

/** In words: a wait status has the exit code in its second byte, the signal in its first (wait(2)). */
function outcomeOf(text: string): string {
  const status = /^ended (\d+)$/.exec(text)?.[1];
  if (status === undefined) return text;
  const signal = Number(status) & 127;
  return `ended with ${signal === 0 ? Number(status) >> 8 : `signal ${signal}`}`;
}
