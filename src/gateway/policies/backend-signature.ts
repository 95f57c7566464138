/**
 * Signature keys (policies.md §4): the backend can tell that a request came through the gateway. The last thing that
 * happens to a plan; a repetition that goes to another member of a channel is signed again, for its Host is another.
 * Where a key cannot sign: 500 APIG.0705.
 */
import { createCipheriv, sign } from 'node:crypto'
import { formatAuthorization, SCHEME } from '../../signing/authorization-header.js'
import {
  canonicalDigest,
  signedHeadersOf,
  UNSIGNED_PAYLOAD,
  type BackendRequest,
} from '../../signing/backend-request.js'
import { EMPTY_HASH } from '../../signing/canonical-request.js'
import { HmacKey } from '../../signing/hmac-key.js'
import { formatSigningDate } from '../../signing/signing-date.js'
import { bodyHash } from '../../signing/verify.js'
import type { BackendSignature } from '../../snapshot/parts.js'
import type { Exchange, ForwardPlan } from '../exchange.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import type { Step } from '../step.js'
import { readRsaKey } from '../public-keys.js'

/** A body up to this many bytes is read and signed; a larger one, and one of unknown length, is streamed unsigned. */
const LARGEST_SIGNED = 12 * 1024 * 1024

/** The value for the header of the signature. */
type Sign = (request: BackendRequest) => string

const DATE = 'x-sdk-date'
const PAYLOAD = 'x-sdk-content-sha256'

export interface SignatureFeatures {
  /** `custom_auth_header`: the header of the signature; empty for `Authorization`. */
  readonly signatureHeader: string
  /** `public_key`: below which path public keys are; undefined: keys of that type do not sign. */
  readonly publicKeyPrefix: string | undefined
}

export function compileBackendSignature(
  key: BackendSignature | undefined,
  { signatureHeader, publicKeyPrefix }: SignatureFeatures,
): Step | undefined {
  if (key === undefined) return undefined
  const name = signatureHeader === '' ? 'Authorization' : signatureHeader
  if (key.type === 'basic') return basicSignature(key, name)
  const isAllowed = key.type !== 'public_key' || publicKeyPrefix !== undefined
  const makeSignature = isAllowed ? signatureOf(key) : undefined
  if (makeSignature === undefined) return (exchange) => refuse(exchange, 'APIG.0705')
  const ready: Sign = makeSignature
  const names = [name.toLowerCase(), DATE, PAYLOAD]
  const dropped = dropping(names)

  function signed(plan: ForwardPlan, hashed: string | undefined): ForwardPlan {
    const { method, target, host } = plan
    const date = formatSigningDate(Date.now())
    const signature = ready({ method, target, host, date, bodyHash: hashed })
    const payload = hashed === undefined ? `X-Sdk-Content-Sha256: ${UNSIGNED_PAYLOAD}\r\n` : ''
    const lines = `${name}: ${signature}\r\nX-Sdk-Date: ${date}\r\n${payload}`
    const { again } = plan
    return {
      ...plan,
      drop: dropped(plan.drop),
      add: withoutLines(plan, names) + lines,
      // Who plans a repetition starts from the plan that nobody has signed.
      again:
        again &&
        ((exchange, _, tried) => {
          const next = again(exchange, plan, tried)
          return next && signed(next, hashed)
        }),
    }
  }

  function signWith(exchange: Exchange, hashed: string | undefined): Reply | undefined {
    if (exchange.plan === undefined) return undefined
    try {
      exchange.plan = signed(exchange.plan, hashed)
      return undefined
    } catch {
      return refuse(exchange, 'APIG.0705')
    }
  }

  async function readAndSign(exchange: Exchange): Promise<Reply | undefined> {
    const collected = await exchange.connection.collectBody(exchange, Math.min(exchange.bodyLimit, LARGEST_SIGNED))
    if (collected === 'too-large') return refuse(exchange, 'APIG.0201 413')
    if (collected === 'timeout') return refuse(exchange, 'APIG.0201 408')
    return signWith(exchange, exchange.body === undefined ? EMPTY_HASH : bodyHash(exchange.body))
  }

  return function backendSignature(exchange) {
    const { body, head } = exchange
    if (body !== undefined) return signWith(exchange, bodyHash(body))
    if (head.contentLength === 0) return signWith(exchange, EMPTY_HASH)
    const streamed = head.contentLength < 0 || head.contentLength > LARGEST_SIGNED
    return streamed ? signWith(exchange, undefined) : readAndSign(exchange)
  }
}

/** The same for all requests, so that a plan that is used again is made once. */
function basicSignature({ key, secret }: BackendSignature, name: string): Step {
  const line = `${name}: Basic ${Buffer.from(`${key}:${secret}`, 'utf8').toString('base64')}\r\n`
  const names = [name.toLowerCase()]
  const dropped = dropping(names)
  let last: ForwardPlan | undefined
  let lastSigned: ForwardPlan | undefined

  function signed(plan: ForwardPlan): ForwardPlan {
    const { again } = plan
    return {
      ...plan,
      drop: dropped(plan.drop),
      add: withoutLines(plan, names) + line,
      again:
        again &&
        ((exchange, _, tried) => {
          const next = again(exchange, plan, tried)
          return next && signed(next)
        }),
    }
  }

  return function basicBackendSignature(exchange) {
    const { plan } = exchange
    if (plan === undefined) return undefined
    if (plan !== last) {
      last = plan
      lastSigned = signed(plan)
    }
    exchange.plan = lastSigned
    return undefined
  }
}

/** `undefined` when the key is none. */
function signatureOf({ type, algorithm = 'aes-128-cfb', key, secret }: BackendSignature): Sign | undefined {
  switch (type) {
    case 'hmac': {
      const hmacKey = new HmacKey(secret)
      return (request) => {
        const signature = hmacKey.sign(stringToSign(request))
        return formatAuthorization({ accessKey: key, signedHeaders: signedHeadersOf(request), signature })
      }
    }
    case 'public_key': {
      const privateKey = readRsaKey(secret)
      return (
        privateKey &&
        ((request) => {
          const signature = sign('sha256', Buffer.from(stringToSign(request)), privateKey).toString('base64')
          return `SDK-RSA-SHA256 Access=${key}, SignedHeaders=${signedHeadersOf(request)}, Signature=${signature}`
        })
      )
    }
    case 'aes':
      return (request) => {
        const cipher = createCipheriv(algorithm, Buffer.from(key, 'utf8'), Buffer.from(secret, 'utf8'))
        const text = `${request.date}\n${canonicalDigest(request)}`
        return `AES ${Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64')}`
      }
    case 'basic':
      return undefined
  }
}

function stringToSign(request: BackendRequest): string {
  return `${SCHEME}\n${request.date}\n${canonicalDigest(request)}`
}

/** Sets of names with others added: one for each that comes, as they are told apart by identity. */
function dropping(names: readonly string[]): (drop: ReadonlySet<string>) => ReadonlySet<string> {
  const known = new WeakMap<ReadonlySet<string>, ReadonlySet<string>>()
  return (drop) => {
    let extended = known.get(drop)
    if (extended === undefined) known.set(drop, (extended = new Set([...drop, ...names])))
    return extended
  }
}

/** Lines that the plan adds, without those whose header is the signature's: a mapping may have written them. */
function withoutLines({ add, drop }: ForwardPlan, names: readonly string[]): string {
  if (!names.some((name) => drop.has(name))) return add
  const isOurs = (line: string): boolean => names.includes(line.slice(0, line.indexOf(':')).toLowerCase())
  return add
    .split(/(?<=\r\n)/)
    .filter((line) => !isOurs(line))
    .join('')
}
