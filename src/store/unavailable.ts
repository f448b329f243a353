/** SQLSTATE of a lock that did not come free in time. */
const LOCK_NOT_AVAILABLE = '55P03';

const LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Whether an error says that the database cannot be reached, does not let us in, or is going down or coming up, rather than
 * that the statement is wrong: socket errors, SQLSTATE class 08, whatever ends the connection (severity FATAL, PostgreSQL
 * section 55.8), a lock that nobody gives back, and what `pg` itself says of a lost or missing connection.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (textOf(error, 'code') === LOCK_NOT_AVAILABLE) return true;
  if (LOST.has(textOf(error, 'code')) || /^08...$/.test(textOf(error, 'code'))) return true;
  if (['FATAL', 'PANIC'].includes(textOf(error, 'severity'))) return true;
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/.test(
    error.message,
  );
}

function textOf(error: Error, field: 'code' | 'severity'): string {
  const value: unknown = Object.entries(error).find(([name]) => name === field)?.[1];
  return typeof value === 'string' ? value : '';
}
