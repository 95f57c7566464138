/** SQLSTATE of PostgreSQL and extended result code of SQLite. */
const CODES: readonly unknown[] = ['23505', 'SQLITE_CONSTRAINT_UNIQUE']

/**
 * Whether the engine refused a row because a unique index has its like already. Checks under the lock of an instance
 * come first and give the better message; this decides where rows of several instances meet in one index.
 */
export function breaksUniqueIndex(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CODES.includes(error.code)
}
