/**
 * `Authorization: SDK-HMAC-SHA256 Access=<key>, SignedHeaders=<a;b>, Signature=<64 hex>` (authentication.md §2.1).
 *
 * Bytes from outside: the parser takes exactly this form, with any number of blanks after the scheme and around the
 * commas, and `Credential=` for `Access=`; anything else is refused whole.
 */

export const SCHEME = 'SDK-HMAC-SHA256'

export interface Authorization {
  readonly accessKey: string
  /** The list as it was sent, which is also how it is signed. */
  readonly signedHeaders: string
  /** Its names, in lower case. */
  readonly names: readonly string[]
  /** 64 lower-case hex digits. */
  readonly signature: string
}

/** Far more than any client signs, and few enough to be searched one by one. */
const MOST_NAMES = 100

const FORM =
  /^SDK-HMAC-SHA256[ \t]+(?:Access|Credential)=([A-Za-z0-9_-]{1,200})[ \t]*,[ \t]*SignedHeaders=([!#$%&'*+\-.^_`|~0-9a-z;]{1,4096})[ \t]*,[ \t]*Signature=([0-9a-f]{64})$/

/** Whether a value claims to be a signature of this kind, well-formed or not. */
export function claimsSignature(value: string): boolean {
  return value.startsWith(SCHEME)
}

/** @returns `undefined` when the value is not of the form above, a header is named twice, or more than 100 are named. */
export function parseAuthorization(value: string): Authorization | undefined {
  const match = FORM.exec(value)
  if (match === null) return undefined
  const [, accessKey = '', signedHeaders = '', signature = ''] = match
  const names = namesOf(signedHeaders)
  return names && { accessKey, signedHeaders, names, signature }
}

/** Clients sign the same headers each time, and few differ in which. */
const KNOWN_LISTS = 64
const known = new Map<string, readonly string[]>()

function namesOf(list: string): readonly string[] | undefined {
  const last = known.get(list)
  if (last !== undefined) return last
  // What is kept must not hold the whole head, of which these are slices.
  const kept = Buffer.from(list, 'latin1').toString('latin1')
  const names = kept.split(';')
  if (names.length > MOST_NAMES || names.includes('')) return undefined
  for (let i = 1; i < names.length; i++) if (names.lastIndexOf(names[i] ?? '', i - 1) >= 0) return undefined
  if (known.size >= KNOWN_LISTS) known.clear()
  known.set(kept, names)
  return names
}

export function formatAuthorization({ accessKey, signedHeaders, signature }: Omit<Authorization, 'names'>): string {
  return `${SCHEME} Access=${accessKey}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}
