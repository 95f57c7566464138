/**
 * Ways in which an app is shown that features of an instance allow (authentication.md §3.2 to §3.7): in their order, the
 * first that is present decides. Secrets are compared by their digests, in constant time; keys and tokens are found by
 * hash look-up, seeded afresh in every process.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { queryPieces } from '../backends/query.js'
import type { AppModes } from '../caller-features.js'
import type { Exchange } from '../exchange.js'
import { queryDecode } from '../percent-encoding.js'
import type { RefusalName } from '../responses/catalogue.js'
import { readToken } from './app-token.js'
import type { Apps, KnownApp } from './apps.js'

/** What access_model1 of the access log calls them. */
export type AppModel = 'app_basic' | 'ai_api_key' | 'app_token' | 'app_jwt' | 'app_secret' | 'app_api_key'

/** An app, and how it was shown. */
export class Shown {
  constructor(
    readonly app: KnownApp,
    readonly model: AppModel,
  ) {}
}

/** A refusal when a credential was shown that is wrong; `undefined` when none was shown that is taken. */
export type Judge = (exchange: Exchange, credential: string | undefined) => Shown | RefusalName | undefined

export interface ModesContext {
  /** `<api id>/<environment id>` */
  readonly api: string
  readonly apps: Apps
  readonly modes: AppModes
}

const WRONG: RefusalName = 'APIG.0303'

/** `undefined` when the instance allows none of them. */
export function compileModes({ api, apps, modes }: ModesContext): Judge | undefined {
  const judges: Judge[] = []
  if (modes.basic) judges.push((_, credential) => byBasic(apps, credential))
  if (modes.aiApiKey || modes.token !== undefined)
    judges.push((exchange, credential) => byBearer(apps, modes, credential, exchange.receivedAt))
  const { jwtHeader } = modes
  if (jwtHeader !== undefined) judges.push((exchange) => byDigest(apps, api, exchange, jwtHeader))
  if (modes.secret) judges.push((exchange) => bySecret(apps, exchange))
  if (modes.apiKey) judges.push((exchange) => byApiKey(apps, exchange))
  if (judges.length === 0) return undefined
  return (exchange, credential) => {
    for (const judge of judges) {
      const verdict = judge(exchange, credential)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }
}

/** `Basic base64(<key>:<secret>)` (§3.3). */
function byBasic(apps: Apps, credential: string | undefined): ReturnType<Judge> {
  const encoded = credential && /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(credential)?.[1]
  if (!encoded) return credential && /^basic /i.test(credential) ? WRONG : undefined
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon === -1 ? WRONG : pairShown(apps, pair.slice(0, colon), pair.slice(colon + 1), 'app_basic')
}

/** `Bearer <key>` (§3.7), or `Bearer <access token>` (§3.6): success of either suffices. */
function byBearer(
  apps: Apps,
  { aiApiKey, token }: AppModes,
  credential: string | undefined,
  now: number,
): ReturnType<Judge> {
  const bearer = credential && /^bearer +([^ ]+)$/i.exec(credential)?.[1]
  if (!bearer) return credential && /^bearer /i.test(credential) ? WRONG : undefined
  const app = aiApiKey ? apps.withAiApiKey(bearer) : undefined
  if (app !== undefined) return new Shown(app, 'ai_api_key')
  if (token === undefined) return WRONG
  const read = readToken(bearer, 'access', token, apps, now)
  switch (read) {
    case 'invalid':
      // An AI API key has no full stop: a token is meant where there is one.
      return aiApiKey && !bearer.includes('.') ? WRONG : 'APIG.2203'
    case 'expired':
      return 'APIG.1002'
    case 'app-gone':
      return 'APIG.1004'
    default:
      return new Shown(read.app, 'app_token')
  }
}

/** Milliseconds from now, either way. */
const LONGEST_SKEW = 15 * 60_000

/** Hex SHA-256 of key, secret and `Timestamp`, in a header (§3.5). */
function byDigest(apps: Apps, api: string, exchange: Exchange, header: string): ReturnType<Judge> {
  const { head } = exchange
  const digest = head.header(header)
  const timestamp = head.header('timestamp')
  if (!digest || !timestamp) return undefined
  const time = /^\d{10}$/.test(timestamp)
    ? Number(timestamp) * 1000
    : /^\d{13}$/.test(timestamp)
      ? Number(timestamp)
      : NaN
  if (!/^[0-9a-f]{64}$/.test(digest) || !(Math.abs(time - exchange.receivedAt) <= LONGEST_SKEW)) return WRONG
  const key = head.header('x-hw-id')
  const named = key === undefined ? undefined : apps.withKey(key)
  const candidates = key === undefined ? apps.thatMayCall(api) : named === undefined ? [] : [named]
  const sent = Buffer.from(digest, 'latin1')
  for (const app of candidates) {
    const expected = hash('sha256', `${app.part.key}${app.part.secret}${timestamp}`, 'hex')
    if (timingSafeEqual(Buffer.from(expected, 'latin1'), sent)) return new Shown(app, 'app_jwt')
  }
  return WRONG
}

/** `X-HW-ID` and `X-HW-AppKey`: key and secret (§3.2). */
function bySecret(apps: Apps, { head }: Exchange): ReturnType<Judge> {
  const key = head.header('x-hw-id')
  const secret = head.header('x-hw-appkey')
  if (key === undefined || secret === undefined) return undefined
  return pairShown(apps, key, Buffer.from(secret, 'latin1').toString('utf8'), 'app_secret')
}

/** `apikey`, a header or a parameter of the query: the key alone (§3.4). */
function byApiKey(apps: Apps, { head }: Exchange): ReturnType<Judge> {
  const key = head.header('apikey') ?? inQuery(head.query)
  if (key === undefined) return undefined
  const app = apps.withKey(key)
  return app === undefined ? WRONG : new Shown(app, 'app_api_key')
}

function inQuery(query: string): string | undefined {
  const piece = query === '' ? undefined : queryPieces(query).find(({ name }) => name === 'apikey')
  return piece && (queryDecode(piece.value) ?? piece.value)
}

function pairShown(apps: Apps, key: string, secret: string, model: AppModel): Shown | RefusalName {
  const app = apps.withKey(key)
  return app?.isSecret(secret) === true ? new Shown(app, model) : WRONG
}
