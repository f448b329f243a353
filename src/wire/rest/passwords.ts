import { z } from 'zod';
import { passwordSchema, timestamp } from './common.ts';

export const passwordInput = z.object({
  current: z.string().min(1).max(200).optional().describe('Absent when the account has none yet'),
  password: passwordSchema,
});
export type PasswordInput = z.output<typeof passwordInput>;

/** The address is not judged: whatever is no account's gets the same answer (USR-2). */
export const resetRequestInput = z.object({ email: z.string().min(1).max(254) });

export const resetInput = z.object({ token: z.string().min(1).max(200), password: passwordSchema });
export type ResetInput = z.output<typeof resetInput>;

export const resetLinkSchema = z
  .object({
    mailed: z.boolean().describe('It went to the member by mail; else it is here'),
    resetToken: z.string().optional().describe('Single use, shown once: `<public URL>/reset#<token>`'),
    expiresAt: timestamp,
  })
  .meta({ id: 'ResetLink' });
