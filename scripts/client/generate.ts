/**
 * Writes `src/web/api/openapi.json`, which `control` would answer now, and from it `schema.d.ts`, the types of the web app's
 * client: `npm run client`. A test compares the committed document with the live one.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describedApi } from './document.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const target = fileURLToPath(new URL('../../src/web/api/', import.meta.url));

writeFileSync(`${target}openapi.json`, await describedApi());
if (!existsSync(`${here}node_modules/openapi-typescript`)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
}
const options = ['--alphabetize', '--output', `${target}schema.d.ts`];
execFileSync(process.execPath, ['node_modules/openapi-typescript/bin/cli.js', `${target}openapi.json`, ...options], {
  cwd: here,
  stdio: 'inherit',
});
