import fc from 'fast-check'
import Fastify from 'fastify'
import { get } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { encodeFrame, FrameError, FrameReader, framesOf, type StreamedUpdate } from './frames.js'
import { partKey, type AppPart, type Part, type Update } from './parts.js'
import { Publisher } from './publisher.js'
import { StreamClient, type Position } from './stream-client.js'
import { gatewayRoutes } from './stream-server.js'

const TOKEN = 'a token of sixteen or more'
const log = { info: () => undefined, warn: () => undefined }

const app = (id: string, secret = 's'): AppPart => ({
  kind: 'app',
  id,
  instanceId: 'i',
  projectId: 'p',
  name: `ü ${id}`,
  key: `k-${id}`,
  secret,
  codes: [],
  authorizations: [],
})
const put = (revision: number, ...parts: Part[]): Update => ({ revision, reset: false, put: parts, remove: [] })

async function control(publisher: Publisher, heartbeat = 5_000, port = 0) {
  const server = Fastify()
  gatewayRoutes(server, {
    publisher,
    token: TOKEN,
    receive: () => undefined,
    receiveMembers: () => undefined,
    heartbeat,
  })
  await server.listen({ host: '127.0.0.1', port })
  const address = server.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    cut: () => {
      server.server.closeAllConnections()
    },
    [Symbol.asyncDispose]: async () => server.close(),
  }
}

function gateway(controlUrl: string, position: Position = { epoch: '', revision: -1 }) {
  const parts = new Map<string, Part>()
  const updates: StreamedUpdate[] = []
  const client = new StreamClient({
    controlUrl,
    token: TOKEN,
    position,
    log,
    onUpdate: (streamed) => {
      const { update } = streamed
      updates.push(streamed)
      if (update.reset) parts.clear()
      for (const key of update.remove) parts.delete(key)
      for (const part of update.put) parts.set(partKey(part), part)
    },
  })
  return { client, parts, updates, [Symbol.dispose]: () => client.close() }
}

test('a gateway is given everything, then each update as it comes, well within 100 ms', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: 4, parts: [app('a')] })
  await using server = await control(publisher)
  using gw = gateway(server.url)
  await expect.poll(() => gw.client.position).toEqual({ epoch: 'e', revision: 4 })
  expect(gw.updates).toEqual([{ epoch: 'e', update: { ...put(4, app('a')), reset: true } }])

  const took: number[] = []
  for (let revision = 5; revision < 15; revision++) {
    const started = performance.now()
    publisher.publish({ revision, reset: false, put: [app(`b${revision}`)], remove: ['app:a', `app:b${revision - 1}`] })
    await expect.poll(() => gw.client.position.revision, { interval: 1 }).toBe(revision)
    took.push(performance.now() - started)
  }
  // Not each: the machine may have other things to do.
  expect(Math.min(...took)).toBeLessThan(100)
  expect([...gw.parts.values()]).toEqual([app('b14')])
})

test('a gateway that was away is given only what it missed', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: 4, parts: [app('a')] })
  publisher.publish(put(5, app('b')))
  publisher.publish(put(6, app('c')))
  await using server = await control(publisher)
  using gw = gateway(server.url, { epoch: 'e', revision: 5 })
  await expect.poll(() => gw.client.position.revision).toBe(6)
  expect(gw.updates.map(({ update }) => update)).toEqual([put(6, app('c'))])
})

test('connections that break are taken up again, and nothing is lost or applied twice', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: 0, parts: [] })
  await using server = await control(publisher)
  using gw = gateway(server.url)
  for (let revision = 1; revision <= 60; revision++) {
    publisher.publish(put(revision, app(`a${revision}`)))
    if (revision % 20 === 0) server.cut()
    await new Promise(setImmediate)
  }
  await expect.poll(() => gw.client.position.revision).toBe(60)
  expect(gw.parts.size).toBe(60)
  const revisions = gw.updates.map(({ update }) => update.revision)
  expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
})

test('when control restarts, its gateways find it again and are given everything anew', async () => {
  const first = await control(new Publisher({ epoch: 'before', revision: 9, parts: [app('a')] }))
  using gw = gateway(first.url)
  await expect.poll(() => gw.client.position.revision).toBe(9)
  await first[Symbol.asyncDispose]()

  await using again = await control(
    new Publisher({ epoch: 'after', revision: 2, parts: [app('b')] }),
    5_000,
    first.port,
  )
  expect(again.url).toBe(first.url)
  await expect.poll(() => gw.client.position).toEqual({ epoch: 'after', revision: 2 })
  expect([...gw.parts.keys()]).toEqual(['app:b'])
})

test('control that has published nothing yet makes a gateway wait instead of emptying it', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: -1, parts: [] })
  await using server = await control(publisher, 10)
  using gw = gateway(server.url, { epoch: 'older', revision: 3 })
  expect(await firstLines(server.url, 3)).toBe('{"type":"heartbeat"}\n'.repeat(3))
  expect(gw.updates).toEqual([])
  publisher.publish({ ...put(0, app('a')), reset: true })
  await expect.poll(() => gw.client.position).toEqual({ epoch: 'e', revision: 0 })
})

function firstLines(url: string, count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}` }
    const asked = get(`${url}/internal/v1/snapshot`, { headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        const lines = text.split('\n')
        if (lines.length <= count) return
        asked.destroy()
        resolve(`${lines.slice(0, count).join('\n')}\n`)
      })
    })
    asked.on('error', reject)
  })
}

test.each([undefined, '', TOKEN, `Bearer ${TOKEN}x`, 'Bearer '])(
  'the authorization %j opens nothing',
  async (value) => {
    await using server = await control(new Publisher({ revision: 0, parts: [app('a')] }))
    const headers = value === undefined ? {} : { authorization: value }
    for (const [method, path] of [
      ['GET', 'snapshot'],
      ['POST', 'statistics'],
    ] as const) {
      const reply = await fetch(`${server.url}/internal/v1/${path}`, { method, headers })
      expect(reply.status).toBe(401)
      expect(await reply.text()).not.toContain('app')
    }
  },
)

test('an update that a gateway cannot apply is not counted as received', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: 1, parts: [app('a')] })
  await using server = await control(publisher)
  let attempts = 0
  const client = new StreamClient({
    controlUrl: server.url,
    token: TOKEN,
    position: { epoch: 'e', revision: 0 },
    log,
    onUpdate: () => {
      if (++attempts < 3) throw new Error('no')
    },
  })
  await expect.poll(() => client.position).toEqual({ epoch: 'e', revision: 1 })
  client.close()
  expect(attempts).toBe(3)
})

test('a gateway that does not read holds nobody up and costs no memory', async () => {
  const publisher = new Publisher({ epoch: 'e', revision: 0, parts: [] })
  await using server = await control(publisher)
  const lazy = connect(server.port, '127.0.0.1')
  lazy.pause()
  lazy.write(`GET /internal/v1/snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)
  using gw = gateway(server.url)
  const large = 'x'.repeat(100_000)
  for (let revision = 1; revision <= 300; revision++) {
    publisher.publish(put(revision, app(`a${revision % 5}`, large)))
    await new Promise(setImmediate)
  }
  await expect.poll(() => gw.client.position.revision).toBe(300)
  lazy.destroy()
})

test('a listener that is no control, or says nonsense, changes nothing', async () => {
  const nonsense = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(
      'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"type":"begin","epoch":"e","revision":1,"reset":true}\nhello\n',
    )
  })
  await new Promise<void>((resolve) => nonsense.listen(0, '127.0.0.1', resolve))
  const warnings: object[] = []
  const updates: StreamedUpdate[] = []
  const client = new StreamClient({
    controlUrl: `http://127.0.0.1:${(nonsense.address() as AddressInfo).port}`,
    token: TOKEN,
    position: { epoch: 'e', revision: 0 },
    log: { info: () => undefined, warn: (details) => warnings.push(details) },
    onUpdate: (update) => {
      updates.push(update)
    },
  })
  await expect.poll(() => warnings).toHaveLength(1)
  client.close()
  nonsense.close()
  expect(warnings[0]).toMatchObject({ reason: 'a line is not JSON' })
  expect(updates).toEqual([])
})

test('how bytes are cut never changes what is read', () => {
  const update: Update = { revision: 3, reset: true, put: [app('ä'), app('漢')], remove: ['group:g'] }
  const bytes = Buffer.from([...framesOf('e', update), ...framesOf('e', put(4))].map(encodeFrame).join(''))
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const reader = new FrameReader()
      const read: StreamedUpdate[] = []
      let start = 0
      for (const cut of [...cuts.sort((a, b) => a - b), bytes.length]) {
        read.push(...reader.read(bytes.subarray(start, cut)))
        start = cut
      }
      expect(read).toEqual([
        { epoch: 'e', update },
        { epoch: 'e', update: put(4) },
      ])
    }),
  )
})

test.each([
  ['a commit without a begin', [{ type: 'commit', revision: 1 }]],
  [
    'a begin inside an update',
    [
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
    ],
  ],
  [
    'a commit of another revision',
    [
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
      { type: 'commit', revision: 2 },
    ],
  ],
  ['a revision that is no number', [{ type: 'begin', epoch: 'e', revision: '1', reset: true }]],
  [
    'a kind of part from the future',
    [
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
      { type: 'put', part: { kind: 'wall', id: 'x' } },
    ],
  ],
  [
    'a part without an id',
    [
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
      { type: 'put', part: { kind: 'throttle' } },
    ],
  ],
  [
    'a kind that every object has',
    [
      { type: 'begin', epoch: 'e', revision: 1, reset: true },
      { type: 'remove', key: 'constructor:x' },
    ],
  ],
  ['an unknown frame', [{ type: 'shutdown' }]],
  ['a list', [[]]],
])('%s is refused', (_, frames) => {
  const bytes = Buffer.from(frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''))
  expect(() => [...new FrameReader().read(bytes)]).toThrow(FrameError)
})

test('whatever bytes come, reading them gives updates or a FrameError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(`${text}\n`)),
      ),
      (bytes) => {
        try {
          for (const { update } of new FrameReader().read(Buffer.from(bytes)))
            expect(update.revision).toBeTypeOf('number')
        } catch (error) {
          expect(error).toHaveProperty('name', 'FrameError')
        }
      },
    ),
  )
})
