import { z } from 'zod';

/** Query of every list. The cursor is opaque: it comes from the page before. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items at most'),
  cursor: z.string().max(1000).optional().describe('`next` of the page before'),
});
export type PageQuery = z.output<typeof pageQuery>;

/** A page of a list; `next` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable().describe('Cursor of the next page') });
}

/** A page as a use case returns it. */
export interface Page<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Path parameters of whatever is named by one id. */
export const idParams = z.object({ id: z.uuid() });

/** A point in time, in RFC 3339. */
export const timestamp = z.iso.datetime();

/** What people call a thing: 1 to 100 characters, trimmed, no control characters. */
export const nameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');

/** An email address, which is also what one signs in with. Case does not matter; it is kept as it was given. */
export const emailSchema = z.email().max(254);

/** A password somebody chooses. Length is what counts (NIST SP 800-63B). */
export const passwordSchema = z.string().min(10, 'must have at least 10 characters').max(200);

/** The answer to what returns nothing. */
export const nothing = z.null().describe('Done');
