/** Members of a JSON Web Key that nobody but its owner may know (RFC 7518 §6, RFC 8037 §2). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Sets of keys are not as deep as this; texts may be as deep as they like. */
const DEEPEST = 32

/**
 * The way to the first private member of the keys in a JSON value, such as `keys[1].d`; `undefined` where there is none.
 * Keys are wherever a `kty` is: what nobody reads is stored and shown all the same.
 */
export function privateMember(value: unknown, way = '', depth = 0): string | undefined {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return undefined
  const found = 'kty' in value ? PRIVATE.find((name) => name in value) : undefined
  if (found !== undefined) return `${way}${way && '.'}${found}`
  for (const [name, inner] of Object.entries(value)) {
    const step = Array.isArray(value) ? `[${name}]` : `${way && '.'}${name}`
    const deeper = privateMember(inner, `${way}${step}`, depth + 1)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** Whether a text is a private key in PEM, of whatever form. */
export const isPrivatePem = (text: string): boolean => /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)
