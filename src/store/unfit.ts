/**
 * Whether an error says that the database cannot hold or compare a value that it was given (SQLSTATE class 22): text with
 * a NUL character, a number or time out of range, a text that is no id. Our own statements name no such values.
 */
export function isUnfit(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^22...$/.test(String(error.code));
}
