/** The connection of a client: time, limits, drain and what the record says. */
import { expect, test } from 'vitest'
import { testEngine } from '../../../test/raw-engine.js'
import { OK, eventually, rawBackend, rawClient } from '../../../test/raw-peers.js'

const GET = 'GET /a?b=c HTTP/1.1\r\nHost: shop.example\r\n\r\n'
const isClosed = (_: string, closed: boolean): boolean => closed
const complete = (text: string): boolean => text.endsWith('ok')

test('a head that does not come to its end: 408, whatever arrives in between', async () => {
  await using gateway = await testEngine(0, { options: { headTimeout: 150 } })
  await using client = await rawClient(gateway.port)
  client.send('GET / HTTP/1.1\r\nHost: shop.example\r\n')
  const drip = setInterval(() => client.send('X-A: b\r\n'), 20)
  const received = await client.until((text) => text.includes('}'))
  clearInterval(drip)
  expect(received).toContain('HTTP/1.1 408 Request Timeout\r\n')
  expect(received).toContain('"error_code":"APIG.0201"')
  expect(received).toContain('Connection: close\r\n')
  expect(gateway.records).toMatchObject([{ status: 408, head: { method: 'GET', target: '/' } }])
})

test('a request line that does not come to its end leaves no record', async () => {
  await using gateway = await testEngine(0, { options: { headTimeout: 100 } })
  await using client = await rawClient(gateway.port)
  client.send('GET / HT')
  expect(await client.until(isClosed)).toContain('HTTP/1.1 408 ')
  expect(gateway.records).toEqual([])
})

test('a body that stops: 408, and the backend gets no complete request', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port, { options: { bodyTimeout: 100 } })
  await using client = await rawClient(gateway.port)
  client.send('POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 10\r\n\r\nabc')
  expect(await client.until(isClosed)).toContain('HTTP/1.1 408 ')
  await eventually(() => backend.open.size === 0)
  expect(backend.requests).toEqual([])
  expect(gateway.records).toMatchObject([{ status: 408, bodyBytesIn: 3 }])
})

test('a body that goes on, slowly, is not timed out', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port, { options: { bodyTimeout: 300 } })
  await using client = await rawClient(gateway.port)
  client.send('POST / HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 8\r\n\r\n')
  let sent = 0
  const drip = setInterval(() => {
    client.send('x')
    if (++sent === 8) clearInterval(drip)
  }, 60)
  expect(await client.until(complete)).toContain('HTTP/1.1 200 OK\r\n')
})

test('a connection without a request is closed without a word', async () => {
  await using gateway = await testEngine(0, { options: { idleTimeout: 100 } })
  await using client = await rawClient(gateway.port)
  expect(await client.until(isClosed)).toBe('')
  await eventually(() => gateway.engine.connections === 0)
})

test('a client that reads nothing of its reply is cut', async () => {
  const size = 64 * 1024 * 1024
  const piece = 'x'.repeat(1024 * 1024)
  await using backend = await rawBackend((_request, _index, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    const more = (): void => {
      while (socket.writable && socket.write(piece)) continue
    }
    socket.on('drain', more)
    more()
    return undefined
  })
  await using gateway = await testEngine(backend.port, { options: { sendTimeout: 200 } })
  await using client = await rawClient(gateway.port)
  client.socket.pause()
  client.send(GET)
  await eventually(() => gateway.records.length === 1)
  expect(gateway.records).toMatchObject([{ status: 200 }])
  await eventually(() => backend.open.size === 0 && gateway.engine.connections === 0)
})

test.each([
  ['declared', 'Content-Length: 11\r\n\r\n'],
  ['chunked', 'Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n'],
])('a body over the limit, %s: 413', async (_kind, rest) => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port, { options: { bodyLimit: 10 } })
  await using client = await rawClient(gateway.port)
  client.send(`POST / HTTP/1.1\r\nHost: shop.example\r\n${rest}`)
  const received = await client.until((text) => text.includes('}'))
  expect(received).toContain('HTTP/1.1 413 Payload Too Large\r\n')
  expect(received).toContain('"error_code":"APIG.0201"')
  expect(backend.requests).toEqual([])
})

test('too many exchanges in flight: a clear 503, and service when there is room again', async () => {
  await using backend = await rawBackend((_, index) => (index === 0 ? undefined : { bytes: OK }))
  await using gateway = await testEngine(backend.port, { options: { maxInFlight: 1 } })
  await using first = await rawClient(gateway.port)
  first.send(GET)
  await eventually(() => backend.requests.length === 1)
  await using second = await rawClient(gateway.port)
  second.send(GET)
  expect(await second.until((text) => text.includes('}'))).toContain('HTTP/1.1 503 Service Unavailable\r\n')
  first.socket.destroy()
  await eventually(() => gateway.engine.inFlight === 0)
  second.send(GET)
  expect(await second.until(complete)).toContain('HTTP/1.1 200 OK\r\n')
})

test('connections beyond the limit are not served', async () => {
  await using gateway = await testEngine(0, { options: { maxConnections: 1 } })
  await using _first = await rawClient(gateway.port)
  await eventually(() => gateway.engine.connections === 1)
  await using second = await rawClient(gateway.port)
  expect(await second.until(isClosed)).toBe('')
})

test('drain: idle connections close, the exchange in flight ends with Connection: close, nothing new is accepted', async () => {
  let answer: () => void = () => undefined
  await using backend = await rawBackend((_request, _index, socket) => {
    answer = () => socket.write(OK)
    return undefined
  })
  await using gateway = await testEngine(backend.port)
  await using idle = await rawClient(gateway.port)
  await using busy = await rawClient(gateway.port)
  busy.send(GET)
  await eventually(() => backend.requests.length === 1)
  let drained = false
  const draining = gateway.engine.drain(30_000).then(() => (drained = true))
  await idle.until(isClosed)
  await expect(rawClient(gateway.port)).rejects.toThrow('ECONNREFUSED')
  expect(drained).toBe(false)
  answer()
  const received = await busy.until(isClosed)
  expect(received).toContain('Connection: close\r\n')
  expect(received.endsWith('ok')).toBe(true)
  await draining
})

test('drain: a request that was on its way to an idle connection is answered, as the last one', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  await client.until(complete)
  const draining = gateway.engine.drain(30_000)
  client.send(GET)
  const received = await client.until(isClosed)
  expect(received.split('HTTP/1.1 200 OK\r\n')).toHaveLength(3)
  expect(received).toContain('Connection: close\r\n')
  await draining
})

test('drain does not wait for ever', async () => {
  await using backend = await rawBackend(() => undefined)
  await using gateway = await testEngine(backend.port)
  await using client = await rawClient(gateway.port)
  client.send(GET)
  await eventually(() => backend.requests.length === 1)
  await gateway.engine.drain(50)
  await client.until(isClosed)
  await eventually(() => gateway.records.length === 1)
  expect(gateway.records).toMatchObject([{ status: 499 }])
})

test('a client that sends requests and reads no replies is not served without end', async () => {
  const body = 'x'.repeat(64 * 1024)
  let begun = 0
  await using gateway = await testEngine(0, {
    begin: () => {
      begun++
      return { status: 200, headers: '', body }
    },
  })
  await using client = await rawClient(gateway.port)
  client.socket.pause()
  client.send(GET.repeat(2000))
  // 128 MB of replies wait to be made. What the kernel buffers is made, and little more; that nothing more happens has
  // no event of its own.
  let seen = -1
  while (begun !== seen) {
    seen = begun
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(begun).toBeLessThan(1000)
  client.socket.resume()
  await eventually(() => begun === 2000)
})

test('the record: sizes, times and addresses', async () => {
  await using backend = await rawBackend()
  await using gateway = await testEngine(backend.port, {
    replying: (exchange) => {
      exchange.replyHeaders += `X-Status: ${exchange.status}\r\n`
    },
  })
  await using client = await rawClient(gateway.port)
  const request =
    'POST /a?b=c HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
  client.send(request)
  const received = await client.until(complete)
  await eventually(() => gateway.records.length === 1)
  const [exchange] = gateway.records
  expect(exchange).toMatchObject({
    status: 200,
    upstreamStatus: 200,
    bytesIn: request.length,
    bodyBytesIn: 3,
    bytesOut: received.length,
    peerAddress: '127.0.0.1',
    sourceAddress: '127.0.0.1',
    listenerPort: gateway.port,
    secure: false,
    upstreamAddress: `127.0.0.1:${backend.port}`,
  })
  if (exchange === undefined) return
  expect(received).toContain(`X-Request-Id: ${exchange.requestId}\r\nX-Status: 200\r\n`)
  expect(exchange.requestId).toMatch(/^[0-9a-f]{32}$/)
  const times = [
    exchange.startedAt,
    exchange.upstreamStartedAt,
    exchange.upstreamConnectedAt,
    exchange.upstreamHeadAt,
    exchange.upstreamEndedAt,
    exchange.finishedAt,
  ]
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(exchange.upstreamTotal).toBe(exchange.upstreamEndedAt - exchange.upstreamStartedAt)
  expect(Math.abs(Date.now() - exchange.receivedAt)).toBeLessThan(10_000)
})

test('a step that throws: 500 APIG.0601, reported, and the connection lives', async () => {
  await using backend = await rawBackend()
  let calls = 0
  await using gateway = await testEngine(backend.port, {
    begin: () => {
      if (++calls === 1) throw new Error('a bug')
      return calls === 2 ? Promise.reject(new Error('another')) : undefined
    },
  })
  await using client = await rawClient(gateway.port)
  client.send(GET.repeat(3))
  const received = await client.until(complete)
  expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 500', 'HTTP/1.1 500', 'HTTP/1.1 200'])
  expect(received).toContain('"error_code":"APIG.0601"')
  expect(gateway.faults).toMatchObject([{ message: 'a bug' }, { message: 'another' }])
})

test('text above U+00FF in a header of ours cannot break out of its line', async () => {
  await using gateway = await testEngine(0, {
    begin: () => ({ status: 200, headers: 'X-A: \u010d\u010aX-B: 1\r\n', body: 'ok' }),
  })
  await using client = await rawClient(gateway.port)
  client.send(GET)
  const received = await client.until(complete)
  expect(received.split('\r\n')).toContain('X-A: \u00c4\u008d\u00c4\u008aX-B: 1')
})
