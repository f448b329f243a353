/** Codes of six digits that change every 30 seconds (RFC 6238), as every authenticator app makes them. */
import { randomInt } from 'node:crypto';
import { generateSecret, generateURI, verifySync } from 'otplib';
import { seal, unseal } from '../store/sealing.ts';

const STEP_SECONDS = 30;
/** No letters or digits that are taken for others. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new secret: 160 bits in base32. */
export function newTotpSecret(): string {
  return generateSecret();
}

/** What the QR code says. */
export function totpUri(secret: string, email: string): string {
  return generateURI({ issuer: 'Parkway', label: email, secret });
}

/**
 * The time step whose code this is, of now, the step before and the one after; undefined when it is wrong or not behind
 * `lastStep`, the last one that was accepted.
 */
export function stepOfCode(secret: string, code: string, nowMs: number, lastStep: number): number | undefined {
  const token = code.replaceAll(/\s/g, '');
  if (!/^\d{6}$/.test(token)) return undefined;
  const epoch = Math.floor(nowMs / 1000);
  // A step before the last accepted one is outside of the window by itself, and the library refuses a limit that is ahead of it.
  const now = Math.floor(epoch / STEP_SECONDS);
  const result = verifySync({ secret, token, epoch, epochTolerance: STEP_SECONDS });
  if (!result.valid) return undefined;
  const step = now + result.delta;
  return step > lastStep ? step : undefined;
}

/** A recovery code of 24 characters, 117 bits, in groups: a plain hash of it cannot be tried out. */
export function newRecoveryCode(): string {
  const letters = Array.from({ length: 24 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return letters.replaceAll(/(.{6})(?=.)/g, '$1-');
}

/** A recovery code however somebody typed it. */
export function plainRecoveryCode(code: string): string {
  return code.toUpperCase().replaceAll(/[\s-]/g, '');
}

/** Seals a secret for the account it belongs to. */
export function sealTotp(masterKey: Buffer, userId: string, secret: string): string {
  return seal(masterKey, `totp ${userId}`, Buffer.from(secret));
}

/** Opens what `sealTotp` made. */
export function unsealTotp(masterKey: Buffer, userId: string, sealed: string): string {
  return unseal(masterKey, `totp ${userId}`, sealed).toString();
}
