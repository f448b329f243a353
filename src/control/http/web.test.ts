import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { testControl } from '../../../test/control/app.ts';
import { buildApp } from './app.ts';

const DOCUMENT = '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__" /><div id="root"></div>';
const SCRIPT = 'export const text = "hello";\n'.repeat(40);
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

/** Control with a web app, or with an empty folder in its place. */
async function served({ built = true, publicUrl = 'https://parkway.test' } = {}) {
  const control = await testControl();
  const folder = await mkdtemp(join(tmpdir(), 'parkway-web-'));
  if (built) {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), DOCUMENT);
    await writeFile(join(folder, 'assets/index-a1.js'), SCRIPT);
    await writeFile(join(folder, 'assets/index-a1.js.gz'), gzipSync(SCRIPT));
    await writeFile(join(folder, 'secret.txt'), 'secret');
  }
  const app = await buildApp({ ...control.deps, publicUrl }, { webDirectory: folder });
  return {
    app,
    get: (url: string, headers: Record<string, string> = BROWSER) => app.inject({ method: 'GET', url, headers }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await control[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test('every path that a browser asks for as a page is the app, and may not be kept', async () => {
  await using web = await served();
  for (const path of ['/', '/sign-in?error=x', '/plants/1/access', '/apiary', '/vpn.html']) {
    const answer = await web.get(path);
    expect([path, answer.statusCode, answer.headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8']);
    expect(answer.headers['cache-control']).toBe('no-store');
  }
});

test('each document has a nonce of its own, in its policy and in its meta element, and no script may stand in it', async () => {
  await using web = await served();
  const nonces = new Set<string>();
  for (let time = 0; time < 3; time++) {
    const answer = await web.get('/');
    const policy = String(answer.headers['content-security-policy']).split(';');
    const nonce = /content="([\w+/=]{24})"/.exec(answer.body)?.[1] ?? '';
    nonces.add(nonce);
    expect(policy.toSorted()).toEqual(
      [
        "default-src 'none'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        `style-src 'self' 'nonce-${nonce}'`,
        "font-src 'self' data:",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
      ].toSorted(),
    );
  }
  expect(nonces.size).toBe(3);
});

test('assets are kept for ever, and sent compressed to whom takes it', async () => {
  await using web = await served();
  const plain = await web.get('/assets/index-a1.js', {});
  expect([plain.body, plain.headers['content-encoding']]).toEqual([SCRIPT, undefined]);
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect(plain.headers['content-type']).toMatch('javascript');
  const packed = await web.get('/assets/index-a1.js', { 'accept-encoding': 'gzip' });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(packed.rawPayload).toString()).toBe(SCRIPT);
});

test('what is no page and no asset is a problem, also for a browser: unknown API paths, absent assets, other files', async () => {
  await using web = await served();
  const paths = ['/api/v1/nothing', '/api', '/metrics', '/healthz/x', '/assets/gone.js', '/assets/..%2fsecret.txt'];
  for (const path of paths) {
    const answer = await web.get(path);
    expect([path, answer.headers['content-type']]).toEqual([path, 'application/problem+json; charset=utf-8']);
    expect([path, answer.statusCode < 500]).toEqual([path, true]);
  }
  expect((await web.get('/secret.txt')).body).toContain('id="root"');
  expect((await web.get('/', { accept: 'application/json' })).statusCode).toBe(404);
  expect((await web.app.inject({ method: 'POST', url: '/plants', headers: BROWSER })).statusCode).toBe(404);
});

test('an app that is not built says so', async () => {
  await using web = await served({ built: false });
  const answer = await web.get('/');
  expect([answer.statusCode, answer.body]).toEqual([503, 'The web app is not built: make build\n']);
});

test('every answer asks the browser to be careful; HTTPS for ever only where it is HTTPS', async () => {
  await using secure = await served();
  await using plain = await served({ publicUrl: 'http://localhost:8080' });
  for (const path of ['/', '/assets/index-a1.js', '/api/v1/openapi.json', '/api/v1/me']) {
    const { headers } = await secure.get(path);
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
    });
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect((await plain.get(path)).headers['strict-transport-security']).toBe(undefined);
  }
  expect((await secure.get('/api/v1/me')).headers['cache-control']).toBe('no-store');
});
