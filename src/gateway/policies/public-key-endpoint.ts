/**
 * Where backends get the public keys that signatures of type `public_key` are verified with (policies.md §4): below the
 * path that the feature `public_key` names, on every host of the instance. Names that nothing is signed under: 400
 * APIG.2102.
 */
import type { Exchange } from '../exchange.js'
import { percentDecode } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { PublicKeys } from '../public-keys.js'

// A key may be bound or replaced at any time.
const HEADERS = 'Content-Type: application/x-pem-file\r\nCache-Control: no-cache\r\n'

/** @returns `undefined` when something else is asked for */
export function servePublicKey(exchange: Exchange, prefix: string, keys: PublicKeys): Reply | undefined {
  const { method, path } = exchange.head
  if (!path.startsWith(prefix) || (method !== 'GET' && method !== 'HEAD')) return undefined
  // Base64 has slashes: they may be sent as they are.
  const name = percentDecode(path.slice(prefix.length))
  const pem = name === undefined ? undefined : keys.pemOf(name)
  return pem === undefined ? refuse(exchange, 'APIG.2102') : { status: 200, headers: HEADERS, body: pem }
}
