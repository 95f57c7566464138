/** The secret of an OpenID client, which is told by whoever writes a plug-in and shown to nobody (authentication.md §8). */
import { readJson } from '../../contract/json-text.js'

/** What stands in its place; who sends it back means the secret that is stored. */
export const MASK = '******'

export const masked = (type: string, content: string): string => replaced(type, content, () => MASK)

/** @param stored what was stored until now, of the same type */
export function unmasked(type: string, content: string, stored: string): string {
  const known = type === 'oidc_auth' ? secretOf(readJson(stored)) : undefined
  return replaced(type, content, (secret) => (secret === MASK && known !== undefined ? known : secret))
}

/** What cannot be read, or holds no secret, stays as it is. */
function replaced(type: string, content: string, replace: (secret: string) => string): string {
  if (type !== 'oidc_auth') return content
  const value = readJson(content)
  const secret = secretOf(value)
  if (secret === undefined) return content
  const replacement = replace(secret)
  return replacement === secret ? content : JSON.stringify({ ...(value as object), client_secret: replacement })
}

function secretOf(value: unknown): string | undefined {
  const secret =
    typeof value === 'object' && value !== null && 'client_secret' in value ? value.client_secret : undefined
  return typeof secret === 'string' ? secret : undefined
}
