/** Whose request is carried to a backend: a connection of HTTP/1.1, or a stream of HTTP/2. */
import type { Failure } from '../handler.js'
import type { Piece } from '../http1/piece.js'
import type { RequestSource } from './backend-request.js'
import type { TunnelEntrance } from './tunnel.js'

export interface ForwardedClient extends RequestSource {
  /** The backend does not keep up with the body. */
  pauseBody(): void
  resumeBody(): void
  /** Answers for a failure; once the reply has begun, the client sees it cut. */
  fail(failure: Failure): void
  cut(): void
  /** Replies are written without framing, whatever their length, and no interim ones. */
  readonly unframed: boolean
  /** Lines about the connection for the head of a reply; `delimited` says that its end will show without closing. */
  startReply(delimited: boolean): string
  /** The reply will end before the request has been read. */
  closeAfterReply(): void
  /** Sends a piece of the reply, of which the first begins with the whole head. False: `clientDrained` will follow. */
  write(piece: Piece): boolean
  /** Sends the head of a reply 101; from now on what the client sends goes to `tunnel`. */
  openTunnel?(head: string, tunnel: TunnelEntrance): void
  /** The last piece has been written. */
  replyDone(): void
}
