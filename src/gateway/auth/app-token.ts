/**
 * Access and refresh tokens of apps (authentication.md §3.6): `<key of the app>.<sealed>`, both base64url. What is sealed
 * is JSON under AES-256-GCM with a key that `app_token_key` of the feature and the app's secret give: every gateway can
 * read it, nothing is stored, and a new secret ends all tokens of its app.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import type { TokenFeature } from '../caller-features.js'
import type { Apps, KnownApp } from './apps.js'

type TokenKind = 'access' | 'refresh'

interface Claims {
  readonly kind: TokenKind
  /** Id of the app. */
  readonly app: string
  /** Milliseconds since the epoch. */
  readonly until: number
  readonly scope: string
  /** What the client gave for the token to carry. */
  readonly data?: string
}

export interface ReadToken {
  readonly app: KnownApp
  readonly claims: Claims
}

const IV = 12
const TAG = 16

/** The app is found by its key; a token of one that has gone, or has another key now, is told from a wrong one. */
export function readToken(
  token: string,
  kind: TokenKind,
  feature: TokenFeature,
  apps: Apps,
  now: number,
): ReadToken | 'invalid' | 'expired' | 'app-gone' {
  const [, name, sealed] = /^([A-Za-z0-9_-]{1,400})\.([A-Za-z0-9_-]{40,4096})$/.exec(token) ?? []
  if (name === undefined || sealed === undefined) return 'invalid'
  const app = apps.withKey(Buffer.from(name, 'base64url').toString('utf8'))
  if (app === undefined) return 'app-gone'
  const claims = open(Buffer.from(sealed, 'base64url'), keyOf(app, feature))
  if (claims?.kind !== kind || claims.app !== app.part.id) return 'invalid'
  return claims.until > now ? { app, claims } : 'expired'
}

export function makeToken(app: KnownApp, claims: Omit<Claims, 'app'>, feature: TokenFeature): string {
  const iv = randomBytes(IV)
  const cipher = createCipheriv('aes-256-gcm', keyOf(app, feature), iv)
  const content = cipher.update(JSON.stringify({ ...claims, app: app.part.id }), 'utf8')
  const sealed = Buffer.concat([iv, content, cipher.final(), cipher.getAuthTag()])
  return `${Buffer.from(app.part.key, 'utf8').toString('base64url')}.${sealed.toString('base64url')}`
}

function keyOf(app: KnownApp, { key }: TokenFeature): Buffer {
  return createHmac('sha256', key).update('app_token\0').update(app.part.secret).digest()
}

function open(sealed: Buffer, key: Buffer): Claims | undefined {
  if (sealed.length <= IV + TAG) return undefined
  const cipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV), { authTagLength: TAG })
  cipher.setAuthTag(sealed.subarray(-TAG))
  try {
    const text = cipher.update(sealed.subarray(IV, -TAG), undefined, 'utf8') + cipher.final('utf8')
    // Only we can have written it.
    return JSON.parse(text) as Claims
  } catch {
    return undefined
  }
}
