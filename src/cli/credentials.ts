import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { type Context, configFolder } from './context.ts';
import { wrongUsage } from './failures.ts';

const credentialsSchema = z.object({ url: z.url(), token: z.string(), expiresAt: z.string(), email: z.string() });

/** The session that `parkway login` left. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Where the session is remembered. */
export function credentialsFile(context: Context): string {
  return join(configFolder(context), 'credentials.json');
}

/** Reads the remembered session; undefined when there is none. Throws Failure (usage) when the file is damaged. */
export async function loadCredentials(context: Context): Promise<Credentials | undefined> {
  const path = credentialsFile(context);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return credentialsSchema.parse(JSON.parse(text));
  } catch {
    throw wrongUsage(`${path} is damaged. Delete it and sign in again with 'parkway login'.`);
  }
}

/** Remembers a session, readable by this user alone. */
export async function saveCredentials(context: Context, credentials: Credentials): Promise<void> {
  const path = credentialsFile(context);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A new file: the mode counts only when a file is made, and a crash leaves the old one whole.
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(fresh, path);
}

/** Forgets the session. */
export async function forgetCredentials(context: Context): Promise<void> {
  await rm(credentialsFile(context), { force: true });
}

/**
 * The server to talk to and the token to show it. A remembered token is for the server that gave it, and for no other.
 * Throws Failure (usage) when no server is known.
 */
export async function endpoint(context: Context): Promise<{ url: string; token: string | undefined }> {
  const { PARKWAY_URL, PARKWAY_TOKEN } = context.environment;
  const remembered = await loadCredentials(context);
  const url = PARKWAY_URL ?? remembered?.url;
  if (url === undefined) {
    throw wrongUsage("No server is known. Sign in with 'parkway login --url https://…', or set PARKWAY_URL.");
  }
  const sameServer = remembered !== undefined && new URL(url).origin === new URL(remembered.url).origin;
  return { url, token: PARKWAY_TOKEN ?? (sameServer ? remembered.token : undefined) };
}
