/**
 * Percent-encoding as all signers of the family do it: RFC 3986's unreserved octets stay, every other octet becomes
 * `%XX` in upper case. Texts are octets, one per character (latin1): what arrived on the wire is never re-interpreted.
 */

const UNRESERVED = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~')
  UNRESERVED[character.charCodeAt(0)] = 1

const SLASH = 0x2f
const PLUS = 0x2b
const PERCENT = 0x25

/** Encoded form of each octet. */
const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, octet) =>
  UNRESERVED[octet] === 1 ? String.fromCharCode(octet) : '%' + octet.toString(16).toUpperCase().padStart(2, '0'),
)

/** Whether encoding (`slash`: of a whole path) and decoding would both give the text itself. */
export function isPlain(text: string, slash: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (UNRESERVED[code] !== 1 && !(slash && code === SLASH)) return false
  }
  return true
}

/** Encodes octets; with `slash` set, `/` stays as it is. */
export function encode(octets: string, slash = false): string {
  if (isPlain(octets, slash)) return octets
  let encoded = ''
  for (let i = 0; i < octets.length; i++) {
    const code = octets.charCodeAt(i)
    encoded += slash && code === SLASH ? '/' : (ENCODED[code & 0xff] ?? '')
  }
  return encoded
}

/** Decodes `%XX`; an escape that is none stays as it is. With `plus` set, `+` is a blank. */
export function decode(text: string, plus = false): string {
  if (!text.includes('%') && !(plus && text.includes('+'))) return text
  let octets = ''
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === PERCENT) {
      const octet = hexDigit(text.charCodeAt(i + 1)) * 16 + hexDigit(text.charCodeAt(i + 2))
      if (octet >= 0) {
        octets += String.fromCharCode(octet)
        i += 2
        continue
      }
    }
    octets += plus && code === PLUS ? ' ' : text.charAt(i)
  }
  return octets
}

/** Value of a digit; far below zero for anything else, so that a sum with one shows it. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : -1000
}
