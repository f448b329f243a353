import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openWriter, requestLine } from './elements.ts';

test('a request has the number, then what goes, then what comes, set by set, as the kernel holds it', () => {
  const stamp = { table: 't', number: 0x01020304, isFlush: false };
  const line = requestLine(stamp, {
    remove: new Map([['r24s3 100.64.0.11 . 0x0001a8c0', '10.1.2.0/24']]),
    add: new Map([
      ['bound24s3 100.64.0.11 . 1 . 0x0001a8c0', ''],
      ['r24s3 100.64.0.11 . 0x0001a8c0', '10.1.2.0/23'],
      ['bound24s3 100.64.0.11 . 0 . 0xff000000', ''],
      ['r0s3 100.64.0.11 . 0x00000000', '0.0.0.0/0'],
      ['r32s3 255.255.255.255 . 0xffffffff', '10.0.0.255/32'],
    ]),
  });
  expect(line).toBe(
    `t +generation 04030201 -r24s3 6440000bc0a80100 +bound24s3 6440000b01000000c0a80100 6440000b00000000000000ff` +
      ` +r24s3 6440000bc0a80100:0a0102000a0103ff +r0s3 6440000b00000000:00000000ffffffff` +
      ` +r32s3 ffffffffffffffff:0a0000ff0a0000ff\n`,
  );
  const empty = { remove: new Map(), add: new Map() };
  expect(requestLine({ ...stamp, isFlush: true }, empty)).toBe('t !generation +generation 04030201\n');
  expect(() => requestLine(stamp, { remove: new Map(), add: new Map([['r24s3 1.2.3.4 . 1', 'x']]) })).toThrow(
    RangeError,
  );
});

/** A writer that answers with the lines of a shell script. */
const scripted = (script: string, timeoutMs?: number) => openWriter(['sh', '-c', script], timeoutMs);

test('only an answer that says so is success; without one it is not known', async () => {
  const writer = scripted('read -r a; echo done; read -r a; echo refused no; read -r a; printf don');
  expect(await writer.write('1\n')).toBe(true);
  expect(await writer.write('2\n')).toBe(false);
  expect(await writer.write('3\n')).toBe(false);
});

test('a writer that cannot be started, or does not answer in time, is success for nobody, and for nobody’s harm', async () => {
  const none = openWriter(['/no/such']);
  expect(await none.write('1\n')).toBe(false);
  expect(await none.write('2\n')).toBe(false);
  const begin = performance.now();
  const hanging = scripted('exec sleep 60', 50);
  expect(await hanging.write('1\n')).toBe(false);
  expect(performance.now() - begin).toBeLessThan(5000);
});

test('a writer that died is replaced, but not at once', async () => {
  const writer = scripted('read -r a; echo $a');
  expect(await writer.write('done\n')).toBe(true);
  expect(await writer.write('done\n')).toBe(false);
  await expect.poll(() => writer.write('done\n'), { timeout: 5000 }).toBe(true);
  writer.stop();
});

const commandOf = (pid: string) => readFile(`/proc/${pid.trim()}/cmdline`, 'utf8').catch(() => '');

/** Starts a process with a writer, and more to do. Returns it, its end, and the writer's process id. */
async function startOwner(rest: string) {
  const program = `import { openWriter } from '${import.meta.dirname}/elements.ts';
    import { readFileSync } from 'node:fs';
    openWriter();
    console.log(readFileSync('/proc/' + process.pid + '/task/' + process.pid + '/children', 'utf8'));${rest}`;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(owner, 'close');
  return { owner, closed, pid: String(await once(owner.stdout, 'data')) };
}

test('a writer keeps nobody alive', async () => {
  const { closed, pid } = await startOwner('');
  expect(await closed).toEqual([0, null]);
  await expect.poll(() => commandOf(pid)).not.toContain('elements.pl');
});

test('a writer goes with its owner, also when that is killed', async () => {
  const { owner, closed, pid } = await startOwner('setInterval(() => undefined, 1000);');
  await expect.poll(() => commandOf(pid)).toContain('elements.pl');
  owner.kill('SIGKILL');
  await closed;
  await expect.poll(() => commandOf(pid)).not.toContain('elements.pl');
});
