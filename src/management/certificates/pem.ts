/**
 * The textual form of certificates and keys (RFC 7468), read strictly and in one pass. What stands between blocks is
 * left out; white space inside a block counts for nothing, because clients lose line breaks.
 */

export interface PemBlock {
  readonly label: string
  readonly der: Buffer
  /** Whether the block has the headers of an encrypted key (RFC 1421). */
  readonly encrypted: boolean
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/** Every block of a text; `undefined` when one is damaged. */
export function pemBlocks(text: string): PemBlock[] | undefined {
  const blocks: PemBlock[] = []
  let at = 0
  for (;;) {
    const begin = text.indexOf(BEGIN, at)
    if (begin === -1) return blocks
    const afterLabel = text.indexOf(DASHES, begin + BEGIN.length)
    if (afterLabel === -1) return undefined
    const label = text.slice(begin + BEGIN.length, afterLabel)
    const end = `-----END ${label}-----`
    const body = afterLabel + DASHES.length
    const endsAt = text.indexOf(end, body)
    if (!/^[A-Z0-9 ]{1,64}$/.test(label) || endsAt === -1) return undefined
    const block = pemBlock(label, text.slice(body, endsAt))
    if (block === undefined) return undefined
    blocks.push(block)
    at = endsAt + end.length
  }
}

function pemBlock(label: string, body: string): PemBlock | undefined {
  // A colon is in headers and in nothing else.
  if (body.includes(':')) return { label, der: Buffer.alloc(0), encrypted: body.includes('ENCRYPTED') }
  const base64 = body.replaceAll(/[ \t\r\n]+/g, '')
  if (base64 === '' || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  return { label, der: Buffer.from(base64, 'base64'), encrypted: label === 'ENCRYPTED PRIVATE KEY' }
}

export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}
