/**
 * One connection to a backend. It belongs to one exchange at a time and reads that exchange's reply; whatever else
 * happens on it, a byte too many or an end too early, is a surprise, and after a surprise it is never used again.
 */
import net from 'node:net'
import type { Exchange, Origin } from '../exchange.js'
import { Alarm } from '../http1/alarms.js'
import { BodyReader, UNTIL_CLOSE } from '../http1/body-reader.js'
import { BAD, MORE, TOO_LARGE } from '../http1/header-lines.js'
import { HeldBytes } from '../http1/held-bytes.js'
import { type Piece, send, UNSENT_LIMIT } from '../http1/piece.js'
import type { PooledBuffer } from '../http1/pooled-buffer.js'
import { type ByteReader, Intake } from '../http1/read-buffer.js'
import { Http1ResponseHead } from '../http1/response-head.js'
import { acceptsWebSocket } from '../http1/upgrade.js'
import { FORBIDDEN } from './guarded-lookup.js'
import type { OriginPool } from './pool.js'
import { connectTls } from './tls-connect.js'

/** More interim replies than this are a storm. */
const INTERIM_LIMIT = 16

/** Why a connection cannot serve its exchange. */
export type Trouble = 'unresolved' | 'forbidden' | 'refused' | 'closed' | 'malformed'

/** The exchange that a connection serves. */
export interface BackendUser {
  connected(): void
  /** An interim reply has been read; its head is `connection.head`. */
  interim(): void
  /** The request offers to go on as a tunnel. */
  readonly upgrading: boolean
  /** The backend has accepted that; what follows its head is not HTTP. Returns how far that has been dealt with. */
  upgraded(bytes: Buffer, at: number, end: number): number
  /** The head of the reply has been read; of its body `bytes[at…end)` are there. Returns where the body stopped. */
  replied(bytes: Buffer, at: number, end: number): number
  /** More of the body. */
  body(bytes: Buffer, at: number, end: number): number
  /** The backend has closed, which ends the body. */
  ended(): void
  /** The connection has taken what was written. */
  drained(): void
  /** The connection is lost. `replyBegan`: at least one byte of a reply had come. */
  lost(trouble: Trouble, replyBegan: boolean): void
}

export class BackendConnection extends Alarm implements ByteReader {
  readonly head = new Http1ResponseHead()
  readonly body = new BodyReader()
  /** How many exchanges it has served before this one. */
  served = 0
  /** `address:port`, once connected. */
  address = ''
  readonly #socket: net.Socket
  readonly #held = new HeldBytes()
  /** What the bytes that the user is given are in, if it can be handed on. */
  source: PooledBuffer | undefined = undefined
  #user: BackendUser | undefined = undefined
  #method = ''
  #reading: 'nothing' | 'head' | 'body' = 'nothing'
  #interims = 0
  #replyBegan = false
  #ended = false
  #trouble: Trouble = 'closed'
  #paused = false
  #isPublic = false
  /** Bytes of the connection that exchanges have been told of. */
  #toldRead = 0
  #toldWritten = 0

  constructor(
    readonly pool: OriginPool,
    origin: Origin,
    lookup: net.LookupFunction,
  ) {
    super()
    this.#socket = connect(origin, lookup, this)
    this.#socket.setNoDelay(true)
    this.#socket.on(origin.tls ? 'secureConnect' : 'connect', () => this.#connected())
    this.#socket.on('drain', () => this.#user?.drained())
    this.#socket.on('end', () => this.#end())
    this.#socket.on('error', (error: NodeJS.ErrnoException) => (this.#trouble = troubleOf(error)))
    this.#socket.on('close', () => this.#closed())
  }

  /** Begins to serve an exchange whose request has this method. */
  serve(user: BackendUser, method: string): void {
    this.#user = user
    this.#method = method
    this.#reading = 'head'
    this.#interims = 0
    this.#replyBegan = false
    this.head.reset()
  }

  /** False: more is waiting to be sent than should; `drained` will follow. */
  write(piece: Piece): boolean {
    send(this.#socket, piece)
    return this.#socket.writableLength < UNSENT_LIMIT
  }

  /** From now on it is this one that is told. */
  handTo(user: BackendUser): void {
    this.#user = user
  }

  /** No more will be written; what the backend sends is read on. */
  end(): void {
    this.#socket.end()
  }

  /** Adds what passed for an exchange since it was served, where the other side has a public address. */
  tally(exchange: Pick<Exchange, 'publicBytesIn' | 'publicBytesOut'>): void {
    if (!this.#isPublic) return
    const { bytesRead, bytesWritten } = this.#socket
    exchange.publicBytesIn += bytesRead - this.#toldRead
    exchange.publicBytesOut += bytesWritten - this.#toldWritten
    this.#toldRead = bytesRead
    this.#toldWritten = bytesWritten
  }

  get connected(): boolean {
    return this.address !== ''
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#socket.resume()
  }

  /** The exchange is over. `clean`: request and reply ended where they should, so that another exchange may follow. */
  release(clean: boolean): void {
    this.#user = undefined
    this.#reading = 'nothing'
    if (clean && this.head.keepAlive && !this.#ended && !this.#paused) {
      this.served++
      this.pool.keep(this, this.head.idleTimeout)
    } else {
      this.destroy()
    }
  }

  destroy(): void {
    this.#user = undefined
    this.#reading = 'nothing'
    this.pool.unkeep(this)
    this.#socket.destroy()
  }

  /** Idle for as long as it may be. */
  override ring(): void {
    this.destroy()
  }

  get isStreaming(): boolean {
    return this.#reading === 'body' && !this.#paused && this.body.isLong
  }

  receive(bytes: Buffer, end: number, source?: PooledBuffer): void {
    if (this.#held.length === 0) {
      this.source = source
      this.#read(bytes, 0, end)
      this.source = undefined
    } else {
      this.#held.add(bytes, 0, end)
      const held = this.#held.take()
      this.#read(held, 0, held.length)
    }
  }

  #read(bytes: Buffer, at: number, end: number): void {
    while (at < end) {
      if (this.#reading === 'head') {
        at = this.#readHead(bytes, at, end)
      } else if (this.#reading === 'body' && this.#user !== undefined) {
        at = this.#user.body(bytes, at, end)
      } else {
        // Nobody has asked for these bytes: they may be meant for the next exchange, so there is none.
        this.destroy()
        return
      }
    }
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    this.#replyBegan = true
    const position = this.head.read(bytes, at, end, this.#method)
    if (position === MORE) {
      this.#held.add(bytes, at, end)
      return end
    }
    if (position === BAD || position === TOO_LARGE || this.#user === undefined) {
      this.#lose('malformed')
      return end
    }
    this.#held.clear()
    if (this.head.status === 101) return this.#upgrade(this.#user, bytes, position, end)
    if (this.head.status < 200) {
      if (++this.#interims > INTERIM_LIMIT) {
        this.#lose('malformed')
        return end
      }
      this.#user.interim()
      this.head.reset()
      return position
    }
    this.body.reset(this.head.bodyLength)
    this.#reading = this.body.done ? 'nothing' : 'body'
    return this.#user.replied(bytes, position, end)
  }

  /** Only what was offered may be accepted (RFC 9110 §7.8). */
  #upgrade(user: BackendUser, bytes: Buffer, at: number, end: number): number {
    if (!user.upgrading || !acceptsWebSocket(this.head)) {
      this.#lose('malformed')
      return end
    }
    this.head.bodyLength = UNTIL_CLOSE
    this.body.reset(UNTIL_CLOSE)
    this.#reading = 'body'
    return user.upgraded(bytes, at, end)
  }

  #connected(): void {
    const { remoteAddress, remotePort } = this.#socket
    this.address = `${remoteAddress ?? ''}:${remotePort ?? 0}`
    this.#isPublic = remoteAddress !== undefined && !this.pool.pools.privateAddresses.has(remoteAddress)
    this.#user?.connected()
  }

  #end(): void {
    this.#ended = true
    if (this.#user !== undefined && this.#reading === 'body' && this.head.bodyLength === UNTIL_CLOSE) {
      this.body.done = true
      this.#user.ended()
    } else {
      this.#lose('closed')
    }
  }

  #lose(trouble: Trouble): void {
    const user = this.#user
    this.destroy()
    user?.lost(trouble, this.#replyBegan)
  }

  #closed(): void {
    this.pool.forget(this)
    if (this.#user !== undefined) this.#lose(this.#trouble)
  }
}

function connect(origin: Origin, lookup: net.LookupFunction, reader: ByteReader): net.Socket {
  const { host, port } = origin
  if (origin.tls) {
    const socket = connectTls(origin, lookup)
    socket.on('data', (bytes: Buffer) => reader.receive(bytes, bytes.length))
    return socket
  }
  return net.connect({ host, port, lookup, onread: new Intake(reader).onread })
}

const unresolved = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA'])
/** The connection was not made, or not with whom it should have been. */
const refused = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'EMFILE'])

export function troubleOf(error: NodeJS.ErrnoException): Trouble {
  const code = error.code ?? ''
  if (code === FORBIDDEN) return 'forbidden'
  if (unresolved.has(code)) return 'unresolved'
  return refused.has(code) ? 'refused' : 'closed'
}
