import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newKeyPair, publicKeyOf, toPrivateKey } from '../../net/keys.ts';
import { privateKeyIn } from '../../wire/profile.ts';
import { rotateInput } from '../../wire/rest/certificate.ts';
import { type Asked, type Reply, type Stub, problem, startStub } from '../stub.ts';

const serverKey = newKeyPair('x25519').publicKey;

function certificate(publicKey: string): object {
  return {
    address: '100.64.0.7',
    publicKey,
    profile: 'full',
    issuedAt: '2026-11-20T12:00:00.000Z',
    rotatedAt: null,
    endpoint: '203.0.113.10:51820',
    serverPublicKey: serverKey,
    allowedIps: ['10.0.0.0/8', '100.96.0.0/11'],
    keepalive: 25,
  };
}

const keyOf = ({ text }: Asked): string => rotateInput.parse(JSON.parse(text)).publicKey;
const issue = (asked: Asked): Reply => ({ status: 201, body: certificate(keyOf(asked)), revision: 12 });

let stub: Stub;
let post: (asked: Asked) => Reply;
let get: () => Reply;

beforeEach(async () => {
  post = issue;
  get = () => problem('certificate-missing', 'Issue one.');
  stub = await startStub({
    'GET /certificate': () => get(),
    'POST /certificate': (asked) => post(asked),
    'POST /certificate/rotate': (asked) => post(asked),
    'DELETE /certificate': () => ({ revision: 13 }),
  });
});
afterEach(() => stub.close());

const out = () => join(stub.folder, 'laptop.conf');
const privateKey = (path = out()) => privateKeyIn(readFileSync(path, 'utf8')) ?? '';

describe('parkway certificate issue', () => {
  it('writes a complete .conf for this user alone, with a key that no request and no output carries (VPN-2)', async () => {
    const call = await stub.call(['certificate', 'issue', '--out', out()]);
    expect(call).toMatchObject({ exit: 0 });
    expect(call.err).toContain(`wg-quick up ${out()}`);
    expect(statSync(out()).mode & 0o777).toBe(0o600);
    const [asked] = stub.asked;
    expect(asked && keyOf(asked)).toBe(publicKeyOf(toPrivateKey('x25519', privateKey())));
    expect(readFileSync(out(), 'utf8')).toContain('Address = 100.64.0.7/32');
    const everything = JSON.stringify([stub.asked, call]);
    expect(everything).not.toContain(privateKey());
    expect(readdirSync(stub.folder)).toEqual(['laptop.conf']);
  });

  it('asks for the profile that was chosen (VPN-18)', async () => {
    await stub.call(['certificate', 'issue', '--out', out(), '--alias-only']);
    expect(JSON.parse(stub.asked[0]?.text ?? '')).toMatchObject({ profile: 'alias' });
  });

  it("prints exactly the API's JSON with --json, and no private key", async () => {
    const call = await stub.call(['certificate', 'issue', '--out', out(), '--json']);
    expect(JSON.parse(call.out)).toEqual(certificate(publicKeyOf(toPrivateKey('x25519', privateKey()))));
    expect(call.out + call.err).not.toContain(privateKey());
  });

  it('has the key on disk before the server hears of it', async () => {
    let seen = '';
    post = (asked) => {
      seen = publicKeyOf(toPrivateKey('x25519', privateKey(`${out()}.unfinished`)));
      return issue(asked);
    };
    await stub.call(['certificate', 'issue', '--out', out()]);
    expect(stub.asked.map(keyOf)).toEqual([seen]);
  });

  it('overwrites nothing unless it is told to, and asks for nothing then', async () => {
    writeFileSync(out(), 'mine');
    expect(await stub.call(['certificate', 'issue', '--out', out()])).toMatchObject({ exit: 2 });
    expect(readFileSync(out(), 'utf8')).toBe('mine');
    expect(stub.asked).toEqual([]);
    expect(await stub.call(['certificate', 'issue', '--out', out(), '--force'])).toMatchObject({ exit: 0 });
    expect(privateKey()).toHaveLength(44);
    expect(statSync(out()).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when the server refuses, and says why', async () => {
    post = () => problem('certificate-exists', 'Rotate it instead.');
    const call = await stub.call(['certificate', 'issue', '--out', out()]);
    expect(call).toEqual({
      exit: 1,
      out: '',
      err: 'parkway: You have a certificate. Rotate it instead. (certificate-exists)\n',
    });
    expect(readdirSync(stub.folder)).toEqual([]);
  });

  it('goes on with the key of a call whose answer was lost', async () => {
    const known: string[] = [];
    post = (asked) => {
      known.push(keyOf(asked));
      return 'break';
    };
    const lost = await stub.call(['certificate', 'issue', '--out', out()]);
    expect(lost.exit).toBe(3);
    expect(lost.err).toContain('Repeat the command');
    expect(existsSync(out())).toBe(false);
    // Asked twice, with the same key of both kinds.
    expect(new Set(known).size).toBe(1);
    expect(new Set(stub.asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    get = () => ({ body: certificate(known[0] ?? '') });
    expect(await stub.call(['certificate', 'issue', '--out', out()])).toMatchObject({ exit: 0 });
    expect(publicKeyOf(toPrivateKey('x25519', privateKey()))).toBe(known[0]);
    expect(readdirSync(stub.folder)).toEqual(['laptop.conf']);
  });

  it('keeps the key when the session ended between the lost answer and the next call', async () => {
    post = () => 'break';
    await stub.call(['certificate', 'issue', '--out', out()]);
    get = () => problem('not-signed-in', 'Sign in.');
    expect(await stub.call(['certificate', 'issue', '--out', out()])).toMatchObject({ exit: 1 });
    expect(readdirSync(stub.folder)).toEqual(['laptop.conf.unfinished']);
  });

  it('writes no file from an answer that could make wg-quick run a command', async () => {
    post = (asked) => ({ body: { ...certificate(keyOf(asked)), endpoint: '203.0.113.10:1\nPostUp = id' } });
    expect(await stub.call(['certificate', 'issue', '--out', out()])).toMatchObject({ exit: 3 });
    expect(existsSync(out())).toBe(false);
  });
});

describe('parkway certificate rotate', () => {
  it('sends another key and writes another file (VPN-4)', async () => {
    await stub.call(['certificate', 'issue', '--out', out()]);
    const next = join(stub.folder, 'next.conf');
    expect(await stub.call(['certificate', 'rotate', '--out', next])).toMatchObject({ exit: 0 });
    expect(privateKey(next)).not.toBe(privateKey());
    expect(stub.asked.map(({ path }) => path)).toEqual(['/certificate', '/certificate/rotate']);
  });
});

describe('parkway certificate revoke', () => {
  it('asks a person, and does nothing when the answer is no', async () => {
    expect(await stub.call(['certificate', 'revoke'], { answers: ['n'] })).toMatchObject({ exit: 2 });
    expect(stub.asked).toEqual([]);
    expect(await stub.call(['certificate', 'revoke'], { answers: ['y'] })).toMatchObject({ exit: 0 });
    expect(await stub.call(['certificate', 'revoke', '--yes'], { answers: [] })).toMatchObject({ exit: 0 });
    expect(stub.asked.map(({ method }) => method)).toEqual(['DELETE', 'DELETE']);
  });
});

describe('parkway certificate show', () => {
  it("compares with a client's public key or .conf (VPN-15)", async () => {
    await stub.call(['certificate', 'issue', '--out', out()]);
    get = () => ({ body: certificate(publicKeyOf(toPrivateKey('x25519', privateKey()))) });
    expect(await stub.call(['certificate', 'show', '--key', out()])).toMatchObject({ exit: 0 });
    expect(await stub.call(['certificate', '--key', newKeyPair('x25519').publicKey])).toMatchObject({ exit: 1 });
    expect(await stub.call(['certificate', '--key', 'no-such-file'])).toMatchObject({ exit: 2 });
  });
});
