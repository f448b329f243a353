import { z } from 'zod';
import { timestamp } from './common.ts';

/** A code of six digits, or the recovery code, however it was typed. */
export const codeSchema = z.string().min(1).max(40);

/** What proves again that it is you. */
export const proofInput = z.object({
  password: z.string().min(1).max(200).optional(),
  code: codeSchema.optional().describe('Of the second factor in force, or its recovery code'),
});
export type ProofInput = z.output<typeof proofInput>;

export const codeInput = z.object({ code: codeSchema });

export const secondFactorSetupSchema = z
  .object({
    secret: z.string().describe('In base32, to type where no QR code can be read'),
    uri: z.string().describe('otpauth://…, what the QR code says'),
    expiresAt: timestamp,
  })
  .meta({ id: 'SecondFactorSetup' });

export const recoveryCodeSchema = z
  .object({
    recoveryCode: z.string().describe('Shown this once; signs in once without a code, and then the factor is off'),
  })
  .meta({ id: 'RecoveryCode' });
