import { hash, verify } from '@node-rs/argon2';

/** OWASP's setting for argon2id, which is also the library's: 19 MiB, 2 passes, 1 lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

let decoy: Promise<string> | undefined;

/** The argon2id hash of a password, with its salt and parameters in it. */
export async function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

/**
 * Whether a password belongs to a hash. Without a hash (no such account, or no password yet) it does the same work
 * and says no, so that the time tells nothing (USR-2).
 */
export async function checkPassword(password: string, expected: string | null): Promise<boolean> {
  decoy ??= hashPassword('of nobody');
  const matches = await verify(expected ?? (await decoy), password);
  return matches && expected !== null;
}
