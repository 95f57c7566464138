/**
 * PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): what a load balancer in front says about a
 * connection before the first byte of the client. Strict, because everything that judges addresses believes it.
 */
import { SocketAddress, isIPv4, isIPv6 } from 'node:net'
import { crc32c } from './crc32c.js'

export interface ProxyHeader {
  /** Bytes of the header: what follows is the client's. */
  readonly length: number
  /** Address of the client; `undefined` when the proxy speaks for itself, or of a network that has no IP addresses. */
  readonly source: string | undefined
  /** Of version 2: what follows the addresses, sound; absent where there is nothing. */
  readonly fields?: Buffer
}

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** The longest line of version 1, with its CRLF. */
const LINE_LIMIT = 107
/** Far above what is sent; the format would allow 64 KB from whoever can connect. */
const BODY_LIMIT = 4096
const TYPE_CRC32C = 0x03
/** Bytes of both addresses and ports, by address family. */
const ADDRESS_BYTES = [0, 12, 36, 216]

/** `more`: all that is there is right so far. `bad`: this is no PROXY header. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'bad' {
  const first = bytes[0]
  if (first === undefined) return 'more'
  return first === SIGNATURE[0] ? readBinary(bytes) : readLine(bytes)
}

const PREFIX = Buffer.from('PROXY ')
const LINE = /^PROXY (?:(TCP4|TCP6) ([^ ]+) ([^ ]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})|UNKNOWN(?: [\x20-\x7e]*)?)$/

function readLine(bytes: Buffer): ProxyHeader | 'more' | 'bad' {
  if (!startsLike(bytes, PREFIX)) return 'bad'
  const line = bytes.subarray(0, LINE_LIMIT)
  const lf = line.indexOf(0x0a)
  if (lf < 0) return line.length === LINE_LIMIT ? 'bad' : 'more'
  if (line[lf - 1] !== 0x0d) return 'bad'
  const match = LINE.exec(line.toString('latin1', 0, lf - 1))
  if (match === null) return 'bad'
  const [, family, source = '', destination = '', sourcePort, destinationPort] = match
  if (family === undefined) return { length: lf + 1, source: undefined }
  const isAddress = family === 'TCP4' ? isIPv4 : isPlainIPv6
  if (!isAddress(source) || !isAddress(destination)) return 'bad'
  if (Number(sourcePort) > 65535 || Number(destinationPort) > 65535) return 'bad'
  return { length: lf + 1, source: plainAddress(source) }
}

function readBinary(bytes: Buffer): ProxyHeader | 'more' | 'bad' {
  if (!startsLike(bytes, SIGNATURE)) return 'bad'
  if (bytes.length < 16) return 'more'
  const version = bytes.readUInt8(12)
  const family = bytes.readUInt8(13) >> 4
  const transport = bytes.readUInt8(13) & 0x0f
  const size = bytes.readUInt16BE(14)
  const addressBytes = ADDRESS_BYTES[family]
  if (version !== 0x20 && version !== 0x21) return 'bad'
  if (addressBytes === undefined || transport > 2 || size > BODY_LIMIT) return 'bad'
  const isLocal = version === 0x20
  // What a proxy says when it speaks for itself is to be skipped, whatever it is.
  if (!isLocal && size < addressBytes) return 'bad'
  const length = 16 + size
  if (bytes.length < length) return 'more'
  const header = bytes.subarray(0, length)
  if (isLocal) return { length, source: undefined }
  const start = 16 + addressBytes
  if (!hasSoundFields(header, start)) return 'bad'
  const source = sourceOf(header, family)
  return start === length ? { length, source } : { length, source, fields: header.subarray(start) }
}

/** Type, length and value, up to the end; and the checksum, where there is one. */
function hasSoundFields(header: Buffer, start: number): boolean {
  let at = start
  while (at < header.length) {
    if (at + 3 > header.length) return false
    const end = at + 3 + header.readUInt16BE(at + 1)
    if (end > header.length) return false
    if (header[at] === TYPE_CRC32C) {
      if (end !== at + 7) return false
      const zeroed = Buffer.from(header)
      zeroed.fill(0, at + 3, end)
      if (crc32c(zeroed) !== header.readUInt32BE(at + 3)) return false
    }
    at = end
  }
  return true
}

function sourceOf(header: Buffer, family: number): string | undefined {
  if (family === 1) return header.subarray(16, 20).join('.')
  if (family !== 2) return undefined
  const groups = Array.from({ length: 8 }, (_, index) => header.readUInt16BE(16 + index * 2).toString(16))
  return plainAddress(groups.join(':'))
}

/** In the form in which the system writes the addresses of peers; an IPv4 address in IPv6 clothes as what it is. */
function plainAddress(address: string): string {
  if (isIPv4(address)) return address
  const written = new SocketAddress({ address, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(written)?.[1]
  return mapped ?? written
}

/** A zone means something on the proxy's machine only. */
const isPlainIPv6 = (text: string): boolean => isIPv6(text) && !text.includes('%')

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, length, 0, length) === 0
}
