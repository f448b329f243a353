import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatCidr } from '../net/cidr.ts';
import { DEFAULT_POOLS } from '../net/pools.ts';
import { parseConfig } from './config.ts';

const STATE = { PARKWAY_STATE_DIR: '/var/lib/parkway' };

test('a state directory is all that has to be named', () => {
  expect(parseConfig(STATE)).toEqual({
    listen: { host: '127.0.0.1', port: 8080 },
    stateDirectory: '/var/lib/parkway',
    databaseUrl: undefined,
    tls: undefined,
    publicUrl: 'http://127.0.0.1:8080',
    daemonsUrl: 'http://127.0.0.1:8080',
    webDirectory: join(import.meta.dirname, '../../dist/web'),
    pools: DEFAULT_POOLS,
    oidc: undefined,
    bootstrapFile: undefined,
    mail: undefined,
    geoDatabase: undefined,
    logLevel: 'info',
  });
});

test('everything can be set', () => {
  const config = parseConfig({
    ...STATE,
    PARKWAY_LISTEN: '[::]:443',
    DATABASE_URL: 'postgres://parkway@db/parkway',
    PARKWAY_TLS_CERT: '/etc/tls/cert.pem',
    PARKWAY_TLS_KEY: '/etc/tls/key.pem',
    PARKWAY_PUBLIC_URL: 'https://parkway.example/',
    PARKWAY_POOL_USERS: '100.112.0.0/12',
    PARKWAY_POOL_ALIAS: '100.64.0.0/12',
    PARKWAY_BOOTSTRAP_FILE: '/root/first.json',
  });
  expect(config).toMatchObject({
    listen: { host: '::', port: 443 },
    tls: { certificateFile: '/etc/tls/cert.pem', keyFile: '/etc/tls/key.pem' },
    publicUrl: 'https://parkway.example',
  });
  expect(formatCidr(config.pools.users)).toBe('100.112.0.0/12');
});

test.each([
  ['no state directory', { PARKWAY_STATE_DIR: undefined }, /PARKWAY_STATE_DIR must name a folder/],
  ['an address without a port', { PARKWAY_LISTEN: '0.0.0.0' }, /PARKWAY_LISTEN must be address:port/],
  ['a port that is none', { PARKWAY_LISTEN: '127.0.0.1:70000' }, /PARKWAY_LISTEN must be address:port/],
  ['plain HTTP towards the network', { PARKWAY_LISTEN: '0.0.0.0:80' }, /plain HTTP on loopback only/],
  [
    'a provider without a client',
    { PARKWAY_OIDC_ISSUER: 'https://login.test' },
    /PARKWAY_OIDC_CLIENT_ID .* go together/,
  ],
  [
    'a provider over plain HTTP',
    { PARKWAY_OIDC_ISSUER: 'http://login.test' },
    /PARKWAY_OIDC_ISSUER must begin with https/,
  ],
  ['a certificate without a key', { PARKWAY_TLS_CERT: '/c' }, /set both or neither/],
  ['a pool that is no prefix', { PARKWAY_POOL_ALIAS: '100.96.0.1/11' }, /PARKWAY_POOL_ALIAS .*host-bits/],
  [
    'pools that overlap',
    { PARKWAY_POOL_ALIAS: '100.64.0.0/10' },
    /the pool "users" .* overlaps the infrastructure|alias/,
  ],
  [
    'a pool in a private range',
    { PARKWAY_POOL_ALIAS: '10.0.0.0/11' },
    /the pool "alias" .* overlaps the private range/,
  ],
])('control does not start with %s, and says what is wrong', (_name, env, sentence) => {
  expect(() => parseConfig({ ...STATE, ...env })).toThrow(sentence);
});

test('a wrong DATABASE_URL is not repeated: it holds a password', () => {
  const env = { ...STATE, DATABASE_URL: 'mysql://parkway:hunter2@db/parkway' };
  expect(() => parseConfig(env)).toThrow(/DATABASE_URL/);
  expect(() => parseConfig(env)).not.toThrow(/hunter2/);
});

test('mail takes a server and a sender, and a wrong address of it is not repeated: it holds a password', () => {
  const url = 'smtps://parkway:hunter2@mail.example';
  expect(() => parseConfig({ ...STATE, PARKWAY_SMTP_URL: url })).toThrow(/PARKWAY_MAIL_FROM/);
  const from = { ...STATE, PARKWAY_MAIL_FROM: 'Parkway <parkway@x.test>' };
  expect(parseConfig(from).mail).toBeUndefined();
  expect(parseConfig({ ...from, PARKWAY_SMTP_URL: url }).mail).toMatchObject({ url });
  expect(parseConfig({ ...from, PARKWAY_SMTP_URL_FILE: '/etc/smtp' }).mail).toMatchObject({ urlFile: '/etc/smtp' });
  expect(() => parseConfig({ ...from, PARKWAY_SMTP_URL: 'http://a:hunter2@b' })).toThrow(/PARKWAY_SMTP_URL must/);
  expect(() => parseConfig({ ...from, PARKWAY_SMTP_URL: 'http://a:hunter2@b' })).not.toThrow(/hunter2/);
});

test('plain HTTP towards the network takes a word', () => {
  const env = { ...STATE, PARKWAY_LISTEN: '0.0.0.0:80', PARKWAY_INSECURE_HTTP: '1' };
  expect(parseConfig(env).publicUrl).toBe('http://0.0.0.0:80');
});
