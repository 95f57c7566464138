/** What a file does not say of a plug-in (openapi-extensions.md §5): files are kept where secrets are not. */
import { readJson } from '../../contract/json-text.js'

/** By type, the way to each secret in its content. */
const secrets: ReadonlyMap<string, readonly string[]> = new Map([
  ['kafka_log', ['sasl_config', 'sasl_password']],
  ['oidc_auth', ['client_secret']],
])

/** @param content JSON text, as it is stored */
export function withoutSecrets(type: string, content: string): string {
  return changed(type, content, (holder, name) => Reflect.deleteProperty(holder, name))
}

/**
 * Adds what the content does not say from another one of the same type.
 *
 * @param content JSON text of whoever wrote the file; what cannot be read stays as it is
 * @param stored JSON text, as it is stored
 */
export function withSecretsOf(type: string, content: string, stored: string): string {
  const path = secrets.get(type) ?? []
  const known = path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), JSON.parse(stored))
  return changed(type, content, (holder, name) => {
    if (known !== undefined) holder[name] ??= known
  })
}

function changed(
  type: string,
  content: string,
  change: (holder: Record<string, unknown>, name: string) => unknown,
): string {
  const path = secrets.get(type)
  const value = path === undefined ? undefined : readJson(content)
  const holder = path?.slice(0, -1).reduce<unknown>((one, name) => (isObject(one) ? one[name] : undefined), value)
  const name = path?.at(-1)
  if (!isObject(holder) || name === undefined) return content
  change(holder, name)
  return JSON.stringify(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
