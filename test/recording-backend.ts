/** A backend that remembers what it was sent, and answers as a test tells it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

interface RecordedRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

type Answer = (response: ServerResponse, request: RecordedRequest, socket: Socket) => void

export interface RecordingBackend extends AsyncDisposable {
  readonly address: string
  readonly requests: RecordedRequest[]
  /** What comes next: by default 200 and an empty JSON object. */
  answer: Answer
  /** The only request so far. */
  readonly only: RecordedRequest
}

export async function recordingBackend(): Promise<RecordingBackend> {
  const requests: RecordedRequest[] = []
  const backend = {
    requests,
    answer: ((response) => response.setHeader('Content-Type', 'application/json').end('{}')) as Answer,
    get only(): RecordedRequest {
      const [first] = requests
      if (first === undefined || requests.length > 1) throw new Error(`The backend saw ${requests.length} requests.`)
      return first
    },
  }
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const recorded: RecordedRequest = {
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: Buffer.concat(pieces).toString('latin1'),
      }
      requests.push(recorded)
      backend.answer(response, recorded, request.socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(backend, {
    address,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
