import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { newKeyPair } from '../net/keys.ts';
import { ENROLL_PATH, EnrollmentError, enroll } from './enroll.ts';
import { Problem } from './problem.ts';

const keys = { identityKey: newKeyPair('ed25519').publicKey, tunnelKey: newKeyPair('x25519').publicKey };
const token = 'a'.repeat(43);
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startControl(answer: (request: IncomingMessage, body: string) => [number, unknown]): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const [status, body] = answer(request, Buffer.concat(parts).toString());
      response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' });
      response.end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const identity = {
  kind: 'agent',
  id: '7e1c3d4e-2f38-4c5d-9a63-1f0c6b1f2a3b',
  number: 4,
  address: 0x64500001,
  controlKey: newKeyPair('ed25519').publicKey,
};

test('sends the token and the public keys, nothing else, and returns the identity (AGT-4)', async () => {
  let seen: unknown;
  const url = await startControl((request, body) => {
    seen = [request.method, request.url, JSON.parse(body)];
    return [201, identity];
  });
  expect(await enroll({ url, token, ...keys })).toEqual(identity);
  expect(seen).toEqual(['POST', ENROLL_PATH, { token, ...keys }]);
});

test('a refusal is an error with the code and the sentence that says what to do', async () => {
  const problem = new Problem('enrollment-invalid', 'Make a new token for this plant.').body();
  const url = await startControl(() => [problem.status, problem]);
  const error: unknown = await enroll({ url, token, ...keys }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EnrollmentError);
  expect(error).toHaveProperty('code', 'enrollment-invalid');
  expect(String(error)).toContain('Make a new token for this plant.');
  expect(String(error)).not.toContain(token);
});

test.each([
  ['something that is not an enrolment', 200, { ...identity, controlKey: 'x' }],
  ['an error without a reason', 502, 'bad gateway'],
  ['a redirect', 307, {}],
])('%s is an error', async (_, status, body) => {
  const url = await startControl(() => [status, body]);
  await expect(enroll({ url, token, ...keys })).rejects.toBeInstanceOf(EnrollmentError);
});

test('an unreachable control is named, the token is not', async () => {
  const error: unknown = await enroll({ url: 'http://127.0.0.1:1', token, ...keys }).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('127.0.0.1:1');
  expect(String(error)).not.toContain(token);
});
