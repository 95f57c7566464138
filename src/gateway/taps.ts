/**
 * Reading along: what a body holds is shown to a tap while it goes by, as the backend gets or sent it, before anything
 * is compressed. A tap holds nothing up and changes nothing. It must bound what it keeps: bodies have no end.
 */
import type { Exchange } from './exchange.js'
import type { BackendHead } from './handler.js'
import type { ChunkSink } from './http1/chunked.js'
import type { Reply } from './reply.js'
import { isOwn } from './responses/reply-lines.js'

export interface BodyTap {
  /** `bytes[start…end)` are the next of the body, without framing. They are valid during the call only. */
  data(bytes: Buffer, start: number, end: number): void
  /** Called once. `whole`: all that belongs to the body went by; otherwise it was cut, or never came. */
  end(whole: boolean): void
}

export interface ReplyTap extends BodyTap {
  /** `exchange.status` is set. The head is as it was before policies changed it. */
  head(exchange: Exchange, reply: Reply | BackendHead): void
}

/** Shows the replies of an exchange to one more. */
export function tapReply(exchange: Exchange, tap: ReplyTap): void {
  const { replyTap } = exchange
  exchange.replyTap = replyTap === undefined ? tap : new BothTaps(replyTap, tap)
}

/** Shows what goes to the backend to one more. */
export function tapRequest(exchange: Exchange, tap: BodyTap): void {
  const { requestTap } = exchange
  exchange.requestTap = requestTap === undefined ? tap : new BothBodyTaps(requestTap, tap)
}

/** The head of a reply is there; one of the gateway's own is there as a whole. */
export function tapHead(tap: ReplyTap, exchange: Exchange, reply: Reply | BackendHead): void {
  tap.head(exchange, reply)
  if (!isOwn(reply)) return
  const body = Buffer.from(reply.body)
  if (body.length > 0) tap.data(body, 0, body.length)
  endReplyTap(exchange, true)
}

export function endReplyTap(exchange: Exchange, whole: boolean): void {
  const { replyTap } = exchange
  exchange.replyTap = undefined
  replyTap?.end(whole)
}

export function endRequestTap(exchange: Exchange, whole: boolean): void {
  const { requestTap } = exchange
  exchange.requestTap = undefined
  requestTap?.end(whole)
}

/** On the way to a sink. */
export class TappedSink implements ChunkSink {
  constructor(
    private readonly sink: ChunkSink,
    private readonly tap: BodyTap,
  ) {}

  chunk(size: number): void {
    this.sink.chunk(size)
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.tap.data(bytes, start, end)
    this.sink.data(bytes, start, end)
  }

  chunkEnd(): void {
    this.sink.chunkEnd()
  }
}

class BothBodyTaps<Tap extends BodyTap> implements BodyTap {
  constructor(
    protected readonly first: Tap,
    protected readonly second: Tap,
  ) {}

  data(bytes: Buffer, start: number, end: number): void {
    this.first.data(bytes, start, end)
    this.second.data(bytes, start, end)
  }

  end(whole: boolean): void {
    this.first.end(whole)
    this.second.end(whole)
  }
}

class BothTaps extends BothBodyTaps<ReplyTap> implements ReplyTap {
  head(exchange: Exchange, reply: Reply | BackendHead): void {
    this.first.head(exchange, reply)
    this.second.head(exchange, reply)
  }
}
