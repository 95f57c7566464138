/**
 * What each byte may be, as tables: the parsers ask one array per byte and branch on nothing else.
 * Grammar: RFC 9110 §5.6.2 (token), §5.5 (field value), RFC 9112 §3 (request line).
 */

export const TAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
export const QUOTE = 0x22
export const PERCENT = 0x25
export const DOT = 0x2e
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const BACKSLASH = 0x5c

/**
 * Token characters mapped to the form in which names are compared: lower case, and `_` and `.` as `-`, because
 * backends with a CGI ancestry do not tell `X_Real_IP` from `X-Real-IP`. Everything else is 0.
 */
export const NAME = new Uint8Array(256)
/** 1 for bytes of a field value: visible, space, tab, and bytes above 0x7f, which have no meaning of their own. */
export const VALUE = new Uint8Array(256)
/** 1 for bytes of a request target: visible ASCII but `#`. What RFC 3986 would have encoded (`"<>^{|}`) is tolerated. */
export const TARGET = new Uint8Array(256)
/** 1 for bytes of a host name or IPv4 address with port. */
export const HOST = new Uint8Array(256)
/** Value of a hexadecimal digit, or 255. */
export const HEX = new Uint8Array(256).fill(255)

for (let byte = 0x21; byte < 0x7f; byte++) {
  VALUE[byte] = 1
  TARGET[byte] = 1
}
VALUE[SPACE] = 1
VALUE[TAB] = 1
VALUE.fill(1, 0x80)
TARGET[0x23] = 0

for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  NAME[character.charCodeAt(0)] = normal(character)
}
for (const character of '-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') {
  HOST[character.charCodeAt(0)] = 1
}
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

function normal(character: string): number {
  return character === '_' || character === '.' ? 0x2d : character.toLowerCase().charCodeAt(0)
}
