/** Access logs of instances: telemetry.md §2.1, feature `lts`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gateway } from '../../test/gateway.js'
import { change, groupPart, instancePart, mockBackend, publicationPart } from '../../test/parts.js'
import { ACCESS_FIELDS, splitAccessLine } from './access-line.js'
import { logStream } from './log-streams.js'

const lts = (config: object | string, enable = true) =>
  change([
    instancePart({
      features: { lts: { enable, config: typeof config === 'string' ? config : JSON.stringify(config) } },
    }),
  ])

function temporary() {
  const directory = mkdtempSync(join(tmpdir(), 'log-streams-'))
  return { directory, [Symbol.dispose]: () => rmSync(directory, { recursive: true }) }
}

async function staged(directory: string) {
  return gateway({ api: { backend: mockBackend() }, options: { logStreams: { directory } } })
}

const files = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort()

const targets = (file: string) =>
  readFileSync(file, 'latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => splitAccessLine(line)[ACCESS_FIELDS.indexOf('router_uri')])

test('requests of an instance are told in its stream while lts is on, refused ones too', async () => {
  using logs = temporary()
  await using gw = await staged(logs.directory)
  await gw.get('/orders?before')
  await gw.apply(lts({ log_group: 'shop', log_stream: 'calls', group_id: '1', topic_id: '2' }))
  await gw.get('/orders?on')
  await gw.get('/nothing')
  await gw.get('/orders', { host: 'unknown.example' })
  await gw.apply(lts({ log_group: 'shop', log_stream: 'others' }))
  await gw.get('/orders?other')
  await gw.apply(lts({ log_group: 'shop', log_stream: 'calls' }, false))
  await gw.get('/orders?off')
  const whole = await gw.log()
  expect(whole).toHaveLength(6)
  expect(files(logs.directory)).toEqual(['i1/shop/calls.log', 'i1/shop/others.log'])
  expect(targets(join(logs.directory, 'i1/shop/calls.log'))).toEqual(['/orders?on', '/nothing'])
  expect(targets(join(logs.directory, 'i1/shop/others.log'))).toEqual(['/orders?other'])
  expect(gw.faults).toEqual([])
})

test("a stream has the lines of the operator's log, in its form", async () => {
  using logs = temporary()
  const destination = join(logs.directory, 'access.log')
  const options = {
    accessLog: { destination },
    accessLogFormat: 'json',
    logStreams: { directory: logs.directory },
  } as const
  const gw = await gateway({ api: { backend: mockBackend() }, options })
  await gw.get('/orders?before')
  await gw.apply(lts({ log_group: 'shop', log_stream: 'calls' }))
  await gw.get('/orders?on')
  await gw[Symbol.asyncDispose]()
  const lines = readFileSync(destination, 'latin1').split('\n')
  expect(lines.map((line) => line && (JSON.parse(line) as { router_uri: string }).router_uri)).toEqual([
    ...['/orders?before', '/orders?on', ''],
  ])
  expect(readFileSync(join(logs.directory, 'i1/shop/calls.log'), 'latin1').split('\n')).toEqual(lines.slice(1))
})

test('instances that have chosen the same names do not see what is told of each other', async () => {
  using logs = temporary()
  await using gw = await staged(logs.directory)
  const config = JSON.stringify({ log_group: 'shop', log_stream: 'calls' })
  const features = { lts: { enable: true, config } }
  await gw.apply(
    change([
      instancePart({ features }),
      instancePart({ id: 'i2', projectId: 'p2', createdAt: 2, features }),
      groupPart({ id: 'g2', instanceId: 'i2' }),
      publicationPart({ id: 'a2', groupId: 'g2', instanceId: 'i2', backend: mockBackend() }),
    ]),
  )
  await gw.get('/orders?one')
  await gw.get('/orders?two', { host: 'g2.apic.test' })
  await gw.log()
  expect(files(logs.directory)).toEqual(['i1/shop/calls.log', 'i2/shop/calls.log'])
  expect(targets(join(logs.directory, 'i1/shop/calls.log'))).toEqual(['/orders?one'])
  expect(targets(join(logs.directory, 'i2/shop/calls.log'))).toEqual(['/orders?two'])
})

test('a stream that nobody has named is that of the instance', async () => {
  using logs = temporary()
  await using gw = await staged(logs.directory)
  for (const config of ['', '{}', '[', '{"group_id":"g","topic_id":7}']) {
    await gw.apply(lts(config))
    await gw.get('/orders')
  }
  await gw.log()
  expect(files(logs.directory)).toEqual(['i1/default/access.log', 'i1/g/access.log'])
})

test('what cannot be written is told once, and costs no request', async () => {
  using logs = temporary()
  writeFileSync(join(logs.directory, 'i1'), '')
  await using gw = await staged(logs.directory)
  await gw.apply(lts({ log_group: 'shop', log_stream: 'calls' }))
  for (let call = 0; call < 3; call++) expect((await gw.get('/orders')).status).toBe(200)
  expect(gw.faults).toHaveLength(1)
  const lost = () => gw.gateway.figures().losses.find(({ what }) => what === 'access_log')?.count
  await expect.poll(lost).toBe(3)
  rmSync(join(logs.directory, 'i1'))
  await gw.apply(
    change([publicationPart({ backend: mockBackend() }), ...lts({ log_group: 'shop', log_stream: 'calls' }).put]),
  )
  await gw.get('/orders?again')
  await gw.log()
  expect(targets(join(logs.directory, 'i1/shop/calls.log'))).toEqual(['/orders?again'])
  expect(lost()).toBe(3)
})

test('whatever the names are, a stream is a file in a folder of the directory, and its own', () => {
  const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('..', '.', '/etc', '../..', 'a\0b', '%2E', 'é'))
  fc.assert(
    fc.property(name, name, name, (group, stream, other) => {
      const path = logStream('i1', group || 'x', stream || 'x')
      expect(relative('/logs', join('/logs', path)).split('/')).toHaveLength(3)
      expect(path).toMatch(/^i1\/[\w%-]{1,200}\/[\w%-]{1,200}\.log$/)
      if (other !== (stream || 'x')) expect(logStream('i1', group || 'x', other)).not.toBe(path)
      expect(logStream('i2', group || 'x', stream || 'x')).not.toBe(path)
    }),
  )
})

test('names that are too long for files are told apart', () => {
  const long = '本'.repeat(64)
  const paths = ['', '本', 'x', '%'].map((end) => logStream('i1', long + end, long + end))
  expect(new Set(paths).size).toBe(4)
  for (const path of paths) expect(path).toMatch(/^i1\/[\w%-]{1,200}\/[\w%-]{1,200}\.log$/)
})
