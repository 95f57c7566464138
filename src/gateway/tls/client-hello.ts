/**
 * The first message of a TLS client, read as far as it decides with which certificate and rules the connection is
 * served (RFC 8446 §4.1.2, RFC 6066 §3). Nothing is judged here: what is no proper hello gets its alert from OpenSSL,
 * which reads the same bytes afterwards.
 *
 * Node's own SNI callback is of no use for this: it takes one certificate of a context, and neither its other one nor
 * its versions and cipher suites.
 */

export interface ClientHello {
  /** As sent; empty when the client names no server. */
  readonly serverName: string
  /** The highest version that the client offers, `0x0303` is TLS 1.2. */
  readonly version: number
  /** The client says that it offers less than it can, after a handshake that failed (RFC 7507). */
  readonly isFallback: boolean
}

/** Bytes of a hello that are looked at. Clients in use send at most a few thousand. */
const HELLO_LIMIT = 32 * 1024

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const SUPPORTED_VERSIONS = 43
const HOST_NAME = 0
const FALLBACK_SCSV = 0x5600
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4

/** Reads the bytes that a connection begins with. `undefined`: there must be more; `none`: this is no hello. */
export function readClientHello(bytes: Buffer): ClientHello | 'none' | undefined {
  const pieces: Buffer[] = []
  let size = 0
  let at = 0
  while (at < bytes.length) {
    if (bytes[at] !== HANDSHAKE_RECORD || size > HELLO_LIMIT) return 'none'
    if (at + RECORD_HEADER > bytes.length) return undefined
    if (bytes[at + 1] !== 3) return 'none'
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3)
    const piece = bytes.subarray(at + RECORD_HEADER, end)
    pieces.push(piece)
    size += piece.length
    const message = pieces.length === 1 ? piece : Buffer.concat(pieces)
    const length = messageLength(message)
    if (length === 'none' || (length !== undefined && length > HELLO_LIMIT)) return 'none'
    if (length !== undefined && message.length >= length) return parse(message.subarray(MESSAGE_HEADER, length))
    if (end > bytes.length) return undefined
    at = end
  }
  return undefined
}

/** With its header. */
function messageLength(message: Buffer): number | 'none' | undefined {
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return 'none'
  return message.length < MESSAGE_HEADER ? undefined : MESSAGE_HEADER + message.readUIntBE(1, 3)
}

function parse(body: Buffer): ClientHello | 'none' {
  try {
    const reader = new Reader(body, 0, body.length)
    let version = reader.number(2)
    reader.skip(32)
    reader.vector(1)
    const isFallback = includes16(reader.vector(2), FALLBACK_SCSV)
    reader.vector(1)
    let serverName = ''
    if (!reader.done) {
      const extensions = reader.vector(2)
      while (!extensions.done) {
        const type = extensions.number(2)
        const size = extensions.number(2)
        if (type === SERVER_NAME) serverName = hostNameIn(extensions.piece(size).vector(2))
        else if (type === SUPPORTED_VERSIONS) version = highest(extensions.piece(size).vector(1))
        else extensions.skip(size)
      }
    }
    return { serverName, version, isFallback }
  } catch (error) {
    if (error instanceof RangeError) return 'none'
    throw error
  }
}

function hostNameIn(list: Reader): string {
  while (!list.done) {
    const type = list.number(1)
    const name = list.vector(2)
    if (type === HOST_NAME) return name.text()
  }
  return ''
}

/** Of the versions that exist; clients mix in numbers that don't (RFC 8701). */
function highest(versions: Reader): number {
  let found = 0
  while (versions.left > 1) {
    const version = versions.number(2)
    if (version <= 0x0304 && version > found) found = version
  }
  return found
}

function includes16(list: Reader, value: number): boolean {
  while (list.left > 1) if (list.number(2) === value) return true
  return false
}

/**
 * Goes through `bytes[at…end)`.
 *
 * @throws RangeError when there is less than is asked for
 */
class Reader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at
  }

  get done(): boolean {
    return this.at >= this.end
  }

  skip(size: number): void {
    if (size > this.end - this.at) throw new RangeError('a vector is longer than what holds it')
    this.at += size
  }

  number(size: 1 | 2): number {
    const { bytes, at } = this
    this.skip(size)
    const first = bytes[at] ?? 0
    return size === 1 ? first : (first << 8) | (bytes[at + 1] ?? 0)
  }

  piece(size: number): Reader {
    const { at } = this
    this.skip(size)
    return new Reader(this.bytes, at, at + size)
  }

  /** A piece behind its length, which is a number of `size` bytes. */
  vector(size: 1 | 2): Reader {
    return this.piece(this.number(size))
  }

  text(): string {
    return this.bytes.toString('latin1', this.at, this.end)
  }
}
