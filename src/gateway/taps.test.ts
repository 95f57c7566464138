/** Taps see what goes by, whatever its framing, and how it ended. */
import { expect, test } from 'vitest'
import { testEngine } from '../../test/raw-engine.js'
import { eventually, rawBackend, rawClient } from '../../test/raw-peers.js'
import type { Exchange } from './exchange.js'
import type { BackendHead } from './handler.js'
import type { Reply } from './reply.js'
import { eachHeader } from './responses/reply-lines.js'
import { endReplyTap, tapHead, tapReply, type ReplyTap } from './taps.js'

class Notes implements ReplyTap {
  readonly names: string[] = []
  text = ''
  readonly ends: boolean[] = []

  head(_: Exchange, reply: Reply | BackendHead): void {
    eachHeader(reply, (name) => this.names.push(name))
  }

  data(bytes: Buffer, start: number, end: number): void {
    this.text += bytes.toString('latin1', start, end)
  }

  end(whole: boolean): void {
    this.ends.push(whole)
  }
}

const REQUEST =
  'POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n ho\r\n0\r\n\r\n'
const LARGE = 'x'.repeat(100_000)

test.each([
  ['with a length', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nok', 'ok'],
  ['large', `HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 100000\r\n\r\n${LARGE}`, LARGE],
  ['in chunks', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n', 'ok'],
  ['without content', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', ''],
])('a reply %s, and the body of its request', async (_, reply, body) => {
  const [request, first, second] = [new Notes(), new Notes(), new Notes()]
  await using backend = await rawBackend(() => ({ bytes: reply }))
  await using engine = await testEngine(backend.port, {
    begin: (exchange) => {
      exchange.requestTap = request
      tapReply(exchange, first)
      tapReply(exchange, second)
      return undefined
    },
    replying: (exchange, head) => {
      if (exchange.replyTap !== undefined) tapHead(exchange.replyTap, exchange, head)
    },
  })
  await using client = await rawClient(engine.port)
  client.send(REQUEST)
  await eventually(() => engine.records.length === 1)
  for (const tap of [first, second]) {
    expect(tap.names).toContain('X-A')
    expect([tap.text, tap.ends]).toEqual([body, [true]])
  }
  expect([request.text, request.ends]).toEqual(['hi ho', [true]])
})

test('a reply that is cut is told as cut', async () => {
  const tap = new Notes()
  await using backend = await rawBackend(() => ({
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
    close: true,
  }))
  await using engine = await testEngine(backend.port, {
    begin: (exchange) => {
      tapReply(exchange, tap)
      return undefined
    },
  })
  await using client = await rawClient(engine.port)
  client.send(REQUEST)
  await eventually(() => engine.records.length === 1)
  // The handler ends what the engine did not.
  for (const exchange of engine.records) endReplyTap(exchange, false)
  expect(tap.ends).toEqual([false])
})
