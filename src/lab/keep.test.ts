import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Kept, keep } from './keep.ts';

let folder: string;
let kept: Kept;
const log = () => join(folder, 'log');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parkway-'));
  kept = keep({ name: 'sleeper', argv: ['/bin/sh', '-c', 'echo $$; exec sleep 1000'], env: {}, log: log() });
});
afterEach(async () => {
  kept.leave();
  await rm(folder, { recursive: true });
});

/** Process ids of the starts so far. */
async function pids(count: number): Promise<number[]> {
  await expect.poll(async () => (await printed()).length).toBe(count);
  return printed();
}

async function printed(): Promise<number[]> {
  return [...(await readFile(log(), 'utf8')).matchAll(/^\d+$/gm)].map(Number);
}

function stateOf(pid: number): Promise<string | undefined> {
  return readFile(`/proc/${pid}/stat`, 'utf8').then(
    (stat) => /\) (\S)/.exec(stat)?.[1],
    () => undefined,
  );
}

it('starts again what was killed', async () => {
  const [first = 0] = await pids(1);
  process.kill(first, 'SIGKILL');
  const [, second = 0] = await pids(2);
  expect(await stateOf(second)).toBeDefined();
  expect(kept.restarts()).toBe(1);
  expect(await readFile(log(), 'utf8')).toContain('lab: sleeper ended with SIGKILL');
});

it('ends what it is to leave, also when somebody stopped it', async () => {
  const [pid = 0] = await pids(1);
  process.kill(pid, 'SIGSTOP');
  await expect.poll(() => stateOf(pid)).toBe('T');
  kept.leave();
  await expect.poll(() => stateOf(pid)).toBe(undefined);
});
