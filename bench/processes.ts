import { readFileSync } from 'node:fs';

/** What processes took, looked at again and again. */
export interface Watched {
  /** The most memory that a process of a kind had, MB. */
  peaks(): ReadonlyMap<string, number>;
  /** Processor time of the daemon and what it started so far, seconds. Of one that has ended, up to when it was last seen. */
  cpu(): number;
  stop(): void;
}

const EVERY_MS = 10;
const HERTZ = 100;
/** Those that only lead to another program, or are a daemon about to become one. */
const PASSING = new Set(['setpriv', 'nsenter', 'env', 'setsid', 'tini', 'sleep', 'sh', 'node', 'MainThread']);
const KIND_OF_SCRIPT = { 'launch.pl': 'launcher', 'listen.pl': 'listener', 'nudge.pl': 'nudge' } as const;

/**
 * Watches a daemon and the init of its host, to which tunnels belong, and all that descends from them, every ten milliseconds. A process's peak is what the kernel says of it, so that
 * it is right even if it was only seen at its end.
 */
export function watchProcesses(daemon: number, init: number): Watched {
  const peaks = new Map<string, number>();
  const times = new Map<string, number>();
  const look = (pid: number, isDaemons: boolean): void => {
    try {
      const { name, peakMb, seconds, started } = readProcess(pid);
      if (isDaemons) times.set(`${pid} ${started}`, seconds);
      const kind = pid === daemon ? 'daemon' : kindOf(pid, name);
      if (kind !== undefined) peaks.set(kind, Math.max(peaks.get(kind) ?? 0, peakMb));
      for (const child of childrenOf(pid)) look(child, isDaemons);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(() => {
    look(daemon, true);
    look(init, false);
  }, EVERY_MS);
  return {
    peaks: () => peaks,
    cpu: () => [...times.values()].reduce((sum, seconds) => sum + seconds, 0),
    stop: () => clearInterval(timer),
  };
}

function readProcess(pid: number): { name: string; peakMb: number; seconds: number; started: string } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name, which may have spaces: state is field 3, user and system time 14 and 15, the start 22 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (Number(fields[11]) + Number(fields[12])) / HERTZ;
  return { name: field('Name'), peakMb: Number(field('VmHWM')) / 1024, seconds, started: fields[19] ?? '' };
}

function kindOf(pid: number, name: string): string | undefined {
  if (PASSING.has(name)) return undefined;
  if (name !== 'perl') return name;
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  return Object.entries(KIND_OF_SCRIPT).find(([script]) => command.includes(script))?.[1];
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
