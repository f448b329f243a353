import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describedApi } from '../../scripts/client/document.ts';

it('the committed OpenAPI document, of which the web client is made, is what control answers (npm run client)', async () => {
  expect(JSON.parse(await describedApi())).toEqual(JSON.parse(readFileSync('src/web/api/openapi.json', 'utf8')));
});
