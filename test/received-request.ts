import { parseAuthorization } from '../src/signing/authorization-header.js'
import type { SignedRequest } from '../src/signing/canonical-request.js'
import { bodyHash, needsBodyHash, verifySignature, type SigningRules } from '../src/signing/verify.js'

/** A request as it came off the wire; every text is octets, one per character. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

export function received({ method, path, query, headers }: Received): SignedRequest {
  const valuesOf = (name: string) =>
    headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value.trim())
  return { method, path, query, header: (name) => valuesOf(name)[0], headers: valuesOf }
}

export function verdictOf(message: Received, secret: string, rules: SigningRules): string {
  const request = received(message)
  const authorization = parseAuthorization(request.header('authorization') ?? '')
  if (authorization === undefined) return 'malformed'
  const body = Buffer.from(message.body, 'latin1')
  const digest = body.length === 0 || needsBodyHash(request) ? bodyHash(body) : undefined
  return verifySignature(request, authorization, secret, digest, rules)
}
