import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { launchingRunner } from './launch.ts';

/** The launcher of the last runner: a program's parent waits for it, and that one's is the launcher. */
const LAUNCHER = ['sh', '-c', 'cut -d" " -f4 /proc/$PPID/stat'];

test('programs get their arguments and input as they are, and give their output', async () => {
  const runner = launchingRunner();
  expect(await runner.run(['printf', '%s|', 'a b', '', 'c\nd%20', 'ü'])).toBe('a b||c\nd%20|ü|');
  const text = 'line\n'.repeat(200_000);
  expect(await runner.run(['cat'], { input: text })).toBe(text);
  expect(await runner.run(['cat', '/dev/stdin'], { input: 'secret' })).toBe('secret');
  expect(await runner.run(['cat'])).toBe('');
});

test('a program that fails says how and why', async () => {
  const runner = launchingRunner();
  await expect(runner.run(['sh', '-c', 'echo no >&2; exit 3'])).rejects.toMatchObject({
    message: 'sh -c echo no >&2; exit 3: ended with 3: no',
    stderr: 'no\n',
  });
  await expect(runner.run(['/no/such'])).rejects.toThrow('No such file or directory');
  await expect(runner.run(['sleep', '60'], { timeoutMs: 50 })).rejects.toThrow('ended with signal 9');
});

test('many programs that are asked for at once get each its own input, whole', async () => {
  const runner = launchingRunner();
  const texts = Array.from({ length: 40 }, (_, n) => `input ${n}\n`);
  expect(await Promise.all(texts.map((input) => runner.run(['cat'], { input })))).toEqual(texts);
});

test('programs run beside each other', async () => {
  const runner = launchingRunner();
  const name = `/dev/shm/parkway-test-${process.pid}`;
  await runner.run(['mkfifo', name]);
  try {
    // Each end of it waits for the other.
    const [read] = await Promise.all([runner.run(['cat', name]), runner.run(['sh', '-c', `echo met > ${name}`])]);
    expect(read).toBe('met\n');
  } finally {
    await runner.run(['rm', name]);
  }
});

test('a launcher that is killed is replaced, and what it had started is heard to its end', async () => {
  const runner = launchingRunner();
  const before = Number(await runner.run(LAUNCHER));
  expect(await readFile(`/proc/${before}/cmdline`, 'utf8')).toContain('launch.pl');
  expect(await runner.run(['sh', '-c', `kill -9 ${before}; sleep 0.1; echo done`])).toBe('done\n');
  const after = Number(await runner.run(LAUNCHER));
  expect(after).not.toBe(before);
});

test('a launcher that hangs fails what waits for it, and is replaced', async () => {
  const runner = launchingRunner();
  process.kill(Number(await runner.run(LAUNCHER)), 'SIGSTOP');
  await expect(runner.run(['true'], { timeoutMs: 50 })).rejects.toThrow('its launcher ended');
  expect(await runner.run(['echo', 'again'])).toBe('again\n');
});

test('a launcher keeps nobody alive, and goes with its owner', async () => {
  const program = `import { launchingRunner } from '${import.meta.dirname}/launch.ts';
    console.log(await launchingRunner().run(${JSON.stringify(LAUNCHER)}));`;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let launcher = '';
  owner.stdout.on('data', (part: Buffer) => (launcher += part.toString()));
  const [code] = await once(owner, 'close');
  expect(code).toBe(0);
  await expect
    .poll(() => readFile(`/proc/${launcher.trim()}/cmdline`, 'utf8').catch(() => ''))
    .not.toContain('launch.pl');
});
