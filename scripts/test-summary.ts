/**
 * Adds up what `scripts/test` left in a folder: `<name>.check` says passed or failed, `<name>.json` is a report of vitest
 * and `<name>.exit` its exit code. Prints what failed, then "N passed, N failed".
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

const folder = process.argv[2] ?? '.';
let passed = 0;
const failed: string[] = [];

for (const file of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, file), 'utf8').trim();
  const [, name = '', kind = ''] = /^(.*)\.(check|exit|json)$/.exec(file) ?? [];
  if (kind === 'check' && text === 'passed') passed += 1;
  else if (kind === 'check') failed.push(name);
  else if (kind === 'exit') addProject(name, text);
}

function addProject(name: string, exit: string): void {
  const before = failed.length;
  const report = join(folder, `${name}.json`);
  const files = existsSync(report) ? reportSchema.parse(JSON.parse(readFileSync(report, 'utf8'))).testResults : [];
  for (const file of files) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1;
      else if (test.status === 'failed') failed.push(`${name}: ${file.name}: ${test.fullName}`);
    }
    // A file that could not be loaded has no tests to fail.
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'))
      failed.push(`${name}: ${file.name}`);
  }
  // Vitest crashed, found no tests, or met an error outside of them.
  if (exit !== '0' && failed.length === before) failed.push(`${name}: vitest ended with ${exit}`);
}

process.stdout.write(failed.map((what) => `FAILED ${what}\n`).join(''));
process.stdout.write(`${passed} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
