/**
 * How a gateway asks control who shows a token or an access key (authentication.md §4), on a path that only gateways use:
 * what is asked, what is answered, and who asks.
 */
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import { readJson } from '../contract/json-text.js'
import { IDENTITIES_PATH } from './paths.js'
import { readReport } from './read-report.js'

const question = z.union([
  z.strictObject({ token: z.string().min(1).max(32_768) }),
  z.strictObject({ accessKey: z.string().min(1).max(200), securityToken: z.string().max(32_768) }),
])

/** `securityToken` is empty for a key that needs none. */
export type IdentityQuestion = z.infer<typeof question>

const identity = z.object({
  domainId: z.string(),
  domainName: z.string(),
  userId: z.string(),
  userName: z.string(),
  /** Of the token; empty for a token of the whole account, and for keys. */
  projectId: z.string(),
  /** Milliseconds since the epoch; absent for permanent keys. */
  expiresAt: z.number().optional(),
  /** Of the access key. */
  secret: z.string().optional(),
})

export type KnownIdentity = z.infer<typeof identity>

const forbidden = z.object({
  reason: z.literal('forbidden'),
  /** Of the access key, if it is one that was shown. */
  secret: z.string().optional(),
})

/** Of a user who may not call; a signature must be good before its caller is told so. */
export type ForbiddenIdentity = z.infer<typeof forbidden>

/** `expired` for what was valid; `unavailable` when control did not say, `refused` when it does not trust the gateway. */
export type IdentityAnswer = KnownIdentity | ForbiddenIdentity | 'unknown' | 'expired' | 'unavailable' | 'refused'

export interface IdentitySource {
  /** Never rejects. */
  identify(question: IdentityQuestion): Promise<IdentityAnswer>
}

export function parseQuestion(body: unknown): IdentityQuestion | undefined {
  return readReport(question, body)
}

/** What control answers: the identity, or why there is none. */
export const replyTo = (answer: Exclude<IdentityAnswer, 'unavailable' | 'refused'>): string =>
  JSON.stringify(typeof answer === 'string' ? { reason: answer } : answer)

/** Milliseconds. */
const PATIENCE = 3_000

export class IdentityClient implements IdentitySource {
  #controlUrl: string | undefined
  readonly #token: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })

  constructor({ controlUrl, token }: { readonly controlUrl: string | undefined; readonly token: string }) {
    this.#controlUrl = controlUrl
    this.#token = token
  }

  controlIsAt(url: string): void {
    this.#controlUrl = url
  }

  close(): void {
    this.#agent.destroy()
  }

  identify(asked: IdentityQuestion): Promise<IdentityAnswer> {
    if (this.#controlUrl === undefined) return Promise.resolve('unavailable')
    const url = new URL(IDENTITIES_PATH, this.#controlUrl)
    const body = JSON.stringify(asked)
    const headers = {
      authorization: `Bearer ${this.#token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    return new Promise((resolve) => {
      const unavailable = (): void => resolve('unavailable')
      const sent = request(url, {
        method: 'POST',
        headers,
        agent: this.#agent,
        signal: AbortSignal.timeout(PATIENCE),
      })
      sent.on('error', unavailable)
      sent.on('response', (response) => {
        text(response).then((answer) => resolve(readAnswer(response.statusCode, answer)), unavailable)
      })
      sent.end(body)
    })
  }
}

function readAnswer(status: number | undefined, body: string): IdentityAnswer {
  if (status === 401 || status === 403) return 'refused'
  const answer = status === 200 ? readJson(body) : undefined
  const reason: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'reason') : undefined
  if (reason === 'unknown' || reason === 'expired') return reason
  return forbidden.safeParse(answer).data ?? identity.safeParse(answer).data ?? 'unavailable'
}
