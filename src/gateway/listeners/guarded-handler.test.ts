/** What happens to a client, and to everybody else, when the pipeline throws where it must not. */
import { expect, test } from 'vitest'
import { Engine } from './engine.js'
import { testEngine } from '../../../test/raw-engine.js'
import { eventually, rawBackend, rawClient } from '../../../test/raw-peers.js'
import type { ExchangeHandler } from '../handler.js'

const GET = 'GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n'

test('replying: the reply goes out without what the call has added, and the connection lives on', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port, {
    replying: (exchange) => {
      exchange.replyHeaders += 'X-Half: of two\r\n'
      throw new Error('replying')
    },
  })
  await using client = await rawClient(gateway.port)
  for (const count of [1, 2]) {
    client.send(GET)
    await client.until((text) => text.split('\r\n\r\nok').length === count + 1)
  }
  expect(client.received).not.toContain('X-Half')
  await eventually(() => gateway.records.length === 2)
  expect(gateway.faults).toEqual([new Error('replying'), new Error('replying')])
  expect(gateway.engine.inFlight).toBe(0)
})

const throwing: ExchangeHandler = {
  begin: () => ({ status: 200, headers: '', body: 'fine' }),
  failed: () => {
    throw new Error('failed')
  },
  replying: () => undefined,
  done: () => {
    throw new Error('done')
  },
}

async function engineOf(handler: ExchangeHandler) {
  const faults: unknown[] = []
  const engine = new Engine(handler, {}, (fault) => faults.push(fault))
  const { port } = await engine.listen('127.0.0.1', 0)
  return { engine, port, faults, [Symbol.asyncDispose]: () => engine.drain(0) }
}

test('done: the client has its reply, and may go on', async () => {
  await using gateway = await engineOf(throwing)
  await using client = await rawClient(gateway.port)
  for (const count of [1, 2]) {
    client.send(GET)
    await client.until((text) => text.split('fine').length === count + 1)
  }
  await eventually(() => gateway.faults.length === 2)
  expect(gateway.faults).toEqual([new Error('done'), new Error('done')])
  expect(gateway.engine.inFlight).toBe(0)
})

test('failed: a bare 500', async () => {
  await using gateway = await engineOf(throwing)
  await using client = await rawClient(gateway.port)
  client.send('GET / HTTP/1.1\r\nHost: a b\r\n\r\n')
  expect(await client.until((_, closed) => closed)).toMatch(/^HTTP\/1\.1 500 Internal Server Error\r\n/)
})

test('begin: answered as for a failure inside', async () => {
  await using gateway = await engineOf({
    ...throwing,
    begin: () => {
      throw new Error('begin')
    },
    failed: (_, failure) => ({ status: 500, headers: '', body: failure }),
  })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  expect(await client.until((text) => text.endsWith('internal'))).toMatch(/^HTTP\/1\.1 500 /)
})
