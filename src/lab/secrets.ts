import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { ACCOUNTS, PLATFORM_ACCOUNT } from './seed/installation.ts';

const secretsSchema = z.object({ accounts: z.record(z.string(), z.string()), device: z.string() });

/** Passwords of a lab: of its accounts by email address, and of the `service` account of its devices. */
export type Secrets = z.infer<typeof secretsSchema>;

/** Reads the passwords of a lab, or makes them once. The file is for root only. */
export async function loadSecrets(file: string): Promise<Secrets> {
  const known = await readFile(file, 'utf8').catch(() => undefined);
  const old = known === undefined ? undefined : secretsSchema.parse(JSON.parse(known));
  const emails = [PLATFORM_ACCOUNT.email, ...ACCOUNTS.map(({ email }) => email)];
  const accounts = Object.fromEntries(emails.map((email) => [email, old?.accounts[email] ?? password()]));
  const secrets = { accounts, device: old?.device ?? password() };
  await writeFile(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}

function password(): string {
  return randomBytes(12).toString('base64url');
}
