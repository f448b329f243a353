/** The second factor of an account (USR-1): a secret, sealed, that codes are made of, and one recovery code, hashed. */
import type { Db, Tx } from './db.ts';

export interface SecondFactorRow {
  readonly sealedSecret: string;
  /** The time step of the last code that was accepted: older ones, and that one, are spent. */
  readonly lastStep: number;
}

/** The second factor in force, or undefined. */
export async function readSecondFactor(db: Db | Tx, userId: string): Promise<SecondFactorRow | undefined> {
  return db
    .selectFrom('second_factors')
    .select(['sealed_secret as sealedSecret', 'last_step as lastStep'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
}

/** Spends the code of a time step. Of two who send the same code at once, one gets true. */
export async function spendStep(db: Db | Tx, userId: string, step: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('second_factors')
    .set({ last_step: step })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Spends the recovery code, which takes the second factor with it. Returns whether it was the right one. */
export async function spendRecoveryCode(db: Db | Tx, userId: string, hash: Buffer): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('second_factors')
    .where('user_id', '=', userId)
    .where('recovery_hash', '=', hash)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Takes the second factor away, and a setup that was begun. Returns whether there was one. */
export async function deleteSecondFactor(db: Db | Tx, userId: string): Promise<boolean> {
  await db.deleteFrom('second_factor_setups').where('user_id', '=', userId).execute();
  const { numDeletedRows } = await db.deleteFrom('second_factors').where('user_id', '=', userId).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Begins a setup, in place of one that was begun before. The factor in force stays in force. */
export async function putSetup(db: Db | Tx, userId: string, sealedSecret: string, expiresAt: Date): Promise<void> {
  const values = { sealed_secret: sealedSecret, expires_at: expiresAt };
  await db
    .insertInto('second_factor_setups')
    .values({ user_id: userId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
}

/** The sealed secret of a setup that was begun and is not over. */
export async function readSetup(db: Db, userId: string, now: Date): Promise<string | undefined> {
  const row = await db
    .selectFrom('second_factor_setups')
    .select('sealed_secret as sealedSecret')
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row?.sealedSecret;
}

/**
 * Puts a setup into force, in place of the factor before. `step` is that of the code that proved it. Returns false when the setup
 * is no longer the one that the code was for.
 */
export async function completeSetup(
  tx: Tx,
  userId: string,
  factor: { readonly sealedSecret: string; readonly step: number; readonly recoveryHash: Buffer },
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('second_factor_setups')
    .where('user_id', '=', userId)
    .where('sealed_secret', '=', factor.sealedSecret)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return false;
  await tx.deleteFrom('second_factors').where('user_id', '=', userId).execute();
  await tx
    .insertInto('second_factors')
    .values({
      user_id: userId,
      sealed_secret: factor.sealedSecret,
      last_step: factor.step,
      recovery_hash: factor.recoveryHash,
    })
    .execute();
  return true;
}
