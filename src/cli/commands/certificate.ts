import { Command } from 'commander';
import { basename, resolve } from 'node:path';
import { parsePublicKey } from '../../net/keys.ts';
import { composeProfile } from '../../wire/profile.ts';
import { type CertificateJson, certificateSchema } from '../../wire/rest/certificate.ts';
import { type Answer, type Api, connect } from '../client.ts';
import { type Changing, type Common, changing, conclude, confirm, removing, show, verb } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, Refused, Unreachable, wrongUsage } from '../failures.ts';
import { type PendingKey, keyIn, pendingKey } from '../key-file.ts';
import { NONE, formatThing } from '../table.ts';

interface Output extends Changing {
  readonly out: string;
  readonly force?: true;
}

/** `parkway certificate …`: one's own certificate. Private keys are made here and never leave this machine (VPN-2). */
export function certificateCommand(context: Context): Command {
  const noun = new Command('certificate').description('Your certificate: the key pair that connects you (VPN-1).');
  verb(noun, 'show', 'show it, or compare it with a client', 'certificate show --key laptop.conf')
    .option('--key <key-or-file>', "a client's public key or .conf: is it the current one?")
    .action((options: Common & { key?: string }) => showOwn(context, options));
  toFile(changing(noun, 'issue', 'issue it and write the .conf', 'certificate issue --out laptop.conf'))
    .option('--alias-only', 'a profile that carries aliases only, for networks that use the private ranges themselves')
    .action((options: Output & { aliasOnly?: true }) =>
      obtain(context, options, '/certificate', { profile: options.aliasOnly ? 'alias' : 'full' }),
    );
  toFile(
    changing(noun, 'rotate', 'new key, same address; the old key dies at once', 'certificate rotate --out new.conf'),
  ).action((options: Output) => obtain(context, options, '/certificate/rotate', {}));
  removing(noun, 'revoke', 'end it; you are disconnected at once', 'certificate revoke --yes').action(
    (options: Changing) => revoke(context, options),
  );
  return noun;
}

function toFile(command: Command): Command {
  return command
    .option('--out <file>', 'where to write the configuration', 'parkway.conf')
    .option('--force', 'overwrite the file');
}

async function showOwn(context: Context, options: Common & { key?: string }): Promise<void> {
  const api = await connect(context);
  const answer = await api.get('/certificate', certificateSchema);
  show(context, options, answer, describe);
  if (options.key === undefined) return;
  const theirs = parsePublicKey(options.key) ?? (await keyIn(resolve(options.key)))?.publicKey;
  if (theirs === undefined) throw wrongUsage(`“${options.key}” is neither a public key nor a .conf file.`);
  if (theirs !== answer.value.publicKey) {
    throw new Failure(
      EXIT.refused,
      `The client's key is ${theirs}: not the current one. Rotate, and import the new file.`,
    );
  }
  context.terminal.err('The client has the current key.\n');
}

async function revoke(context: Context, options: Changing): Promise<void> {
  const api = await connect(context);
  await confirm(context, options, 'Revoke your certificate? You are disconnected at once, and your routes are gone.');
  await conclude(
    context,
    api,
    options,
    await api.remove('/certificate'),
    () => 'Revoked. Its .conf is of no use any more.\n',
  );
}

async function obtain(context: Context, options: Output, path: string, body: object): Promise<void> {
  const api = await connect(context);
  const out = resolve(options.out);
  const key = await pendingKey(out, options.force === true);
  if (key.left) context.terminal.err(`Goes on with the key in ${key.path}, which an interrupted call left.\n`);
  const answer = await register(api, key, path, body);
  await key.finish(compose(key, answer.value));
  context.terminal.err(nextSteps(out));
  await conclude(context, api, options, answer, describe);
}

/** Makes the key the certificate's. A refusal leaves nothing behind; a lost answer leaves the key for the next call. */
async function register(api: Api, key: PendingKey, path: string, body: object): Promise<Answer<CertificateJson>> {
  const known = key.left ? await current(api) : undefined;
  if (known?.value.publicKey === key.pair.publicKey) return known;
  try {
    return await api.send('POST', path, { ...body, publicKey: key.pair.publicKey }, certificateSchema);
  } catch (error) {
    if (nothingHappened(error)) await key.discard();
    else if (error instanceof Failure) {
      const kept = `The key is kept in ${key.path}. Repeat the command to go on with it.`;
      throw new Failure(error.exit, `${error.message}\n${kept}`, { cause: error });
    }
    throw error;
  }
}

/** Whether it is certain that the server did not take the key. */
function nothingHappened(error: unknown): boolean {
  if (error instanceof Unreachable) return !error.sent;
  // Behind a 5xx the change may be committed all the same, and the first of two requests may still be running.
  return error instanceof Refused && error.problem.status < 500 && error.problem.code !== 'idempotency-in-progress';
}

function compose(key: PendingKey, certificate: CertificateJson): string {
  try {
    return composeProfile(key.pair.privateKey, certificate);
  } catch (error) {
    const message = `The server's answer makes no configuration; the key is kept in ${key.path}.`;
    throw new Unreachable(message, true, { cause: error });
  }
}

async function current(api: Api): Promise<Answer<CertificateJson> | undefined> {
  try {
    return await api.get('/certificate', certificateSchema);
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'certificate-missing') return undefined;
    throw error;
  }
}

function describe(certificate: CertificateJson): string {
  return formatThing([
    ['Address', certificate.address],
    ['Public key', certificate.publicKey],
    ['Profile', certificate.profile === 'alias' ? 'aliases only' : 'full'],
    ['Issued', certificate.issuedAt],
    ['Rotated', certificate.rotatedAt ?? NONE],
    ['Entry point', certificate.endpoint],
  ]);
}

function nextSteps(out: string): string {
  // It names the interface after the file, and Linux takes 15 characters.
  const named = /^[\w=+.-]{1,15}\.conf$/.test(basename(out));
  const linux = named
    ? `sudo wg-quick up ${out}`
    : 'rename it to 15 letters and .conf at most, then sudo wg-quick up <file>';
  return `Wrote ${out}. It holds your private key, and there is no other copy: keep it to yourself.

Connect with one of
  Linux:                  ${linux}
  Windows, macOS:         WireGuard app, "Import tunnel(s) from file"
  Android, iOS:           WireGuard app, "Import from file"
'parkway routes' shows what you reach.
`;
}
