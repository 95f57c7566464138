/** A real HTTP/2 client of a gateway: one connection, as many calls as a test wants. */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'

export interface Http2Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly trailers: IncomingHttpHeaders
  readonly code: string | undefined
}

export interface Http2Client extends AsyncDisposable {
  readonly session: ClientHttp2Session
  /** Pseudo-headers and headers; the path is given apart. */
  call(path: string, headers?: OutgoingHttpHeaders, body?: Buffer | string): Promise<Http2Reply>
}

/** @param identity of the client, in PEM */
export async function http2Client(
  port: number,
  servername = 'g1.apic.test',
  identity: { readonly cert?: string; readonly key?: string } = {},
): Promise<Http2Client> {
  const session = connect(`https://127.0.0.1:${port}`, { servername, rejectUnauthorized: false, ...identity })
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve())
    session.once('error', reject)
  })
  session.on('error', () => undefined)
  return {
    session,
    call: (path, headers = {}, body) =>
      new Promise((resolve, reject) => {
        const stream = session.request(
          { ':path': path, ':authority': servername, ...headers },
          { endStream: body === undefined },
        )
        let received: IncomingHttpHeaders & { ':status'?: number | undefined } = {}
        let trailers: IncomingHttpHeaders = {}
        const pieces: Buffer[] = []
        stream.on('response', (head) => (received = head))
        stream.on('trailers', (fields: IncomingHttpHeaders) => (trailers = fields))
        stream.on('data', (piece: Buffer) => pieces.push(piece))
        stream.on('error', reject)
        stream.on('close', () => {
          const content = Buffer.concat(pieces)
          const code = /"error_code":"([^"]*)"/.exec(content.toString())?.[1]
          resolve({ status: received[':status'] ?? 0, headers: received, body: content, trailers, code })
        })
        if (body !== undefined) stream.end(body)
      }),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        if (session.destroyed) resolve()
        else session.once('close', () => resolve())
        session.destroy()
      }),
  }
}
