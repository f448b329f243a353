/**
 * A gateway's disk that dies: takes a snapshot and a delta and kills itself before the given step (from 0) of what reaches files.
 * Arguments: the state file, the step. Ends in peace when there are not so many steps.
 */
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const [, , path = '', last = ''] = process.argv;
let step = 0;

function mortal(owner: object, name: string): void {
  const real: unknown = Reflect.get(owner, name);
  if (typeof real !== 'function') throw new Error(`there is no ${name}`);
  Reflect.set(owner, name, function (this: unknown, ...args: unknown[]): unknown {
    if (step++ === Number(last)) process.kill(process.pid, 'SIGKILL');
    return Reflect.apply(real, this, args);
  });
}

for (const name of ['exec', 'close']) mortal(DatabaseSync.prototype, name);
mortal(StatementSync.prototype, 'run');
for (const name of ['open', 'rename', 'rm', 'symlink']) mortal(fsPromises, name);
mortal(fs, 'unlinkSync');
syncBuiltinESMExports();

const { openDisk } = await import('../../src/gateway/disk.ts');
const { AFTER_DELTA, AFTER_SNAPSHOT, DELTA } = await import('./states.ts');
const disk = openDisk(path);
disk.load();
await disk.replace(AFTER_SNAPSHOT.revision, AFTER_SNAPSHOT.state);
await disk.apply(AFTER_DELTA.revision, DELTA);
disk.close();
