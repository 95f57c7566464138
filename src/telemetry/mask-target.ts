/** Tokens in a logged request target become `***` (telemetry.md §2.4), however their names are written. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'access_token',
  'appcode',
  'x-apig-appcode',
  'x-auth-token',
  'x-hw-appkey',
  'x-security-token',
  'authorization',
  'apikey',
])

const NO_MORE: ReadonlySet<string> = new Set()

/** @param more names, in lower case, that are secret for this route */
export function maskTarget(target: string, more: ReadonlySet<string> = NO_MORE): string {
  const start = target.indexOf('?')
  // Most requests have no query, and most queries nothing that could spell one of the names.
  if (start === -1) return target
  if (more.size === 0 && !/token|appcode|appkey|apikey|authorization|%/i.test(target)) return target
  const pieces = target.slice(start + 1).split('&')
  return target.slice(0, start + 1) + pieces.map((piece) => maskPiece(piece, more)).join('&')
}

function maskPiece(piece: string, more: ReadonlySet<string>): string {
  const equals = piece.indexOf('=')
  if (equals === -1) return piece
  const name = piece.slice(0, equals)
  const plain = decode(name).toLowerCase()
  return SECRET_NAMES.has(plain) || more.has(plain) ? `${name}=***` : piece
}

function decode(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(String(hex), 16)))
}
