/** The secrets in contents of plug-ins, which are JSON texts: what files leave out, and what is shown to nobody. */
import { readJson } from '../../contract/json-text.js'

/** By type, the way to the secret in its content. */
const ways: ReadonlyMap<string, readonly string[]> = new Map([
  ['kafka_log', ['sasl_config', 'sasl_password']],
  ['oidc_auth', ['client_secret']],
])

/** What stands in the place of an OpenID client's secret (authentication.md §8); who sends it back means the one that is stored. */
export const MASK = '******'
const isMasked = (type: string): boolean => type === 'oidc_auth'

/** As it is shown. */
export function masked(type: string, content: string): string {
  const secret = isMasked(type) ? secretOf(type, content) : undefined
  return typeof secret === 'string' && secret !== MASK ? replaced(type, content, MASK) : content
}

/** @param stored what was stored until now, of the same type */
export function unmasked(type: string, content: string, stored: string): string {
  if (!isMasked(type) || secretOf(type, content) !== MASK) return content
  const known = secretOf(type, stored)
  return typeof known === 'string' ? replaced(type, content, known) : content
}

/** As a file says it (openapi-extensions.md §5): files are kept where secrets are not. */
export const withoutSecrets = (type: string, content: string): string => replaced(type, content, undefined)

/**
 * Adds what the content does not say from another one of the same type.
 *
 * @param content of whoever wrote the file; what cannot be read stays as it is
 * @param stored as it is stored
 */
export function withSecretsOf(type: string, content: string, stored: string): string {
  const own = secretOf(type, content)
  return replaced(type, content, own ?? secretOf(type, stored) ?? own)
}

function secretOf(type: string, content: string): unknown {
  const way = ways.get(type)
  return way && inside(readJson(content), way)
}

/** With another secret, or none: what cannot be read, or has no place for one, stays as it is. */
function replaced(type: string, content: string, secret: unknown): string {
  const way = ways.get(type)
  const value = way && readJson(content)
  const holder = inside(value, way?.slice(0, -1) ?? [])
  const name = way?.at(-1)
  if (!isObject(holder) || name === undefined) return content
  holder[name] = secret
  return JSON.stringify(value)
}

function inside(value: unknown, way: readonly string[]): unknown {
  return way.reduce((one, name) => (isObject(one) ? one[name] : undefined), value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
