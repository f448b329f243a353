const LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Whether an error says that the database cannot be reached or is going down or coming up, rather than that the
 * statement is wrong: socket errors, SQLSTATE class 08, 57P01 to 57P03, 53300 (PostgreSQL appendix A), and what `pg`
 * itself says of a lost or missing connection.
 */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (LOST.has(code) || /^(08...|57P0[123]|53300)$/.test(code)) return true;
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    error.message,
  );
}
