import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 8192
const bytes = Buffer.allocUnsafeSlow(POOL_BYTES)
let pool = ''
let at = 0

/**
 * 32 lower-case hexadecimal digits, all of them random (responses.md §1). The random bytes come from the system in
 * lots of 512 ids: one call for each id would cost more than parsing its request.
 */
export function newRequestId(): string {
  if (at === pool.length) {
    pool = randomFillSync(bytes).toString('hex')
    at = 0
  }
  return pool.substring(at, (at += 32))
}
