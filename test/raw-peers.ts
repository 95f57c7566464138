/** A backend and a client that speak bytes, for tests of the engine. */
import net, { type AddressInfo } from 'node:net'
import { readMessage, type RawMessage } from './raw-message.js'

/** What a backend does with one request. */
export interface ScriptedReply {
  readonly bytes: string
  /** Ends the connection after the bytes. */
  readonly close?: boolean
}

export const OK = 'HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 07:00:00 GMT\r\nContent-Length: 2\r\n\r\nok'

export interface RawBackend extends AsyncDisposable {
  readonly port: number
  /** Requests that were complete, in order. */
  readonly requests: RawMessage[]
  /** Connections that were accepted so far. */
  readonly accepted: number
  /** Connections that are open. */
  readonly open: ReadonlySet<net.Socket>
  /** Bytes of all connections, in order of arrival. */
  readonly received: string
}

/** Answers each complete request with what `script` makes of it; `undefined` is no answer. */
export async function rawBackend(
  script: (request: RawMessage, index: number, socket: net.Socket) => ScriptedReply | undefined = () => ({ bytes: OK }),
): Promise<RawBackend> {
  const requests: RawMessage[] = []
  const open = new Set<net.Socket>()
  let accepted = 0
  let received = ''
  const server = net.createServer((socket) => {
    let pending = ''
    accepted++
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => open.delete(socket))
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1')
      pending += bytes.toString('latin1')
      for (;;) {
        const request = readMessage(pending, false, 'none', false)
        if (request === undefined) return
        pending = pending.slice(request.raw.length)
        const reply = script(request, requests.push(request) - 1, socket)
        if (reply === undefined) continue
        if (reply.bytes !== '') socket.write(reply.bytes, 'latin1')
        if (reply.close === true) socket.end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    open,
    get accepted() {
      return accepted
    },
    get received() {
      return received
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface RawClient extends AsyncDisposable {
  readonly socket: net.Socket
  readonly received: string
  readonly closed: boolean
  send(bytes: string): void
  /** Waits until what has come, or whether it has ended, satisfies the condition; rejects when it cannot any more. */
  until(condition: (received: string, closed: boolean) => boolean): Promise<string>
}

/** Milliseconds; shorter than what a test has, so that it says what has come. */
const LONGEST_WAIT = 50_000

export async function rawClient(port: number): Promise<RawClient> {
  let received = ''
  let closed = false
  let check = (): void => undefined
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1')
    check()
  })
  socket.on('close', () => {
    closed = true
    check()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return {
    socket,
    get received() {
      return received
    },
    get closed() {
      return closed
    },
    send: (bytes) => void socket.write(bytes, 'latin1'),
    until: (condition) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`still waiting after: ${received}`)), LONGEST_WAIT)
        check = () => {
          const isMet = condition(received, closed)
          if (!isMet && !closed) return
          clearTimeout(late)
          if (isMet) resolve(received)
          else reject(new Error(`the connection ended after: ${received}`))
        }
        check()
      }),
    async [Symbol.asyncDispose]() {
      socket.destroy()
    },
  }
}

/** Lets the event loop go round, so that what was written is read before more is written. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** Waits, without a limit of its own, for something that no event announces. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}
