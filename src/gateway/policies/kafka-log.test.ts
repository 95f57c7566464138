import fc from 'fast-check'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { freePort } from '../../../test/free-port.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { KAFKA_USER, kafkaBroker, readTopic, type KafkaBroker, type TopicRecord } from '../../../test/kafka.js'
import { change, mockBackend, pluginPart, throttlePart, type ApiSpec } from '../../../test/parts.js'
import { inSeconds, issuer } from '../../../test/tokens.js'
import { nameFilter } from './kafka-log.js'

const identity = certificate({ san: ['localhost'] })

let broker: KafkaBroker | undefined
beforeAll(async () => {
  broker = await kafkaBroker({ certificate: identity.pem, key: identity.keyPem })
})
afterAll(() => broker?.stop())

/** The tests' broker; a machine that can't have one skips what asks for it. */
function kafka(skip: () => never): KafkaBroker {
  return broker ?? skip()
}

interface Spec {
  readonly api?: ApiSpec
  readonly losses?: string[]
}

function logging(content: Readonly<Record<string, unknown>>, { api, losses = [] }: Spec = {}): Promise<TestGateway> {
  return gateway({
    api: { req_method: 'ANY', pluginIds: ['k1'], throttleId: 't1', ...api },
    // On a crowded machine the broker takes its time to make a topic.
    parts: [pluginPart('kafka_log', { max_retry_count: 5, ...content }, 'k1'), throttlePart({ apiLimit: 10_000_000 })],
    options: { onLoss: (warning) => losses.push(warning), debugDomainLimit: 'off' },
  })
}

/** Ends the gateway in order, and reads what the topic has. */
async function recordsOf(sluice: TestGateway, at: KafkaBroker, topic: string, count: number): Promise<TopicRecord[]> {
  await sluice.gateway.drain()
  return readTopic(at.plain, topic, (records) => records.length >= count)
}

const parsed = ({ value }: TopicRecord) => JSON.parse(value) as Record<string, unknown>

describe('a broker that is there', () => {
  test('is told of a request by one flat object with the keys that are on by default', async ({ skip }) => {
    const at = kafka(skip)
    await using sluice = await logging({ broker_list: [at.plain], topic: 'defaults', key: 'gateway-1' })
    sluice.backend.answer = (response) => response.writeHead(201).end('made')
    await sluice.get('/orders?access_token=secret-1&a=b', { headers: { 'X-Forwarded-For': '203.0.113.9' } })
    const [record] = await recordsOf(sluice, at, 'defaults', 1)
    expect(record?.key).toBe('gateway-1')
    expect(record && parsed(record)).toEqual({
      start_time: expect.closeTo(Date.now() / 1000, -2),
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client_ip: '127.0.0.1',
      request_time: expect.any(Number),
      http_status: 201,
      scheme: 'http',
      request_method: 'GET',
      host: 'g1.apic.test',
      uri: '/orders?access_token=***&a=b',
      upstream_addr: sluice.backend.address,
      upstream_status: 201,
      upstream_header_time: expect.any(Number),
      upstream_response_time: expect.any(Number),
      http_x_forwarded_for: '203.0.113.9',
      error_type: 0,
    })
  })

  test('is told what switches and call_data ask for, and no secret', async ({ skip }) => {
    const at = kafka(skip)
    const system = { start_time: false, request_id: false, api_id: true, api_name: true, auth_type: true }
    const call_data = {
      log_request_header: true,
      request_header_filter: 'x-*, authorization',
      log_request_query_string: true,
      request_query_string_filter: 'a*',
      log_request_body: true,
      log_response_header: true,
      response_header_filter: 'x-reply,set-cookie',
      log_response_body: true,
    }
    const meta_config = { system, call_data }
    await using sluice = await logging({ broker_list: [at.plain], topic: 'all', meta_config })
    sluice.backend.answer = (response) =>
      response.writeHead(200, { 'X-Reply': 'é', 'Set-Cookie': 's=1', 'X-Other': '1' }).end('größer')
    const headers = { 'X-A': '1', 'X-Auth-Token': 'secret-2', Authorization: 'secret-3', Accept: '*/*' }
    await sluice.post('/orders?a=1&ab=2&b=3', 'ein Körper', { headers })
    const [record] = await recordsOf(sluice, at, 'all', 1)
    expect(record?.key).toBeUndefined()
    expect(record?.value).not.toContain('secret-')
    const value = record && parsed(record)
    expect(value).not.toHaveProperty('request_id')
    expect(value).toMatchObject({
      api_id: 'a1',
      api_name: 'api_a1',
      auth_type: 'NONE',
      request_header: { 'x-a': '1', 'x-auth-token': '***', authorization: '***' },
      request_query_string: { a: '1', ab: '2' },
      request_body: 'ein Körper',
      response_header: { 'x-reply': expect.any(String), 'set-cookie': '***' },
      response_body: 'größer',
    })
    expect(Object.keys(Object(value?.['response_header']) as object).sort()).toEqual(['set-cookie', 'x-reply'])
  })

  test.for(['header', 'query'] as const)(
    'is told no token that jwt_auth looks for in a %s',
    async (place, { skip }) => {
      const at = kafka(skip)
      const signer = await issuer()
      const token = await signer.token({ exp: inSeconds(60) })
      const call_data = { log_request_header: true, log_request_query_string: true }
      const content = {
        broker_list: [at.plain],
        topic: `token-${place}`,
        max_retry_count: 5,
        meta_config: { call_data },
      }
      const jwt = { jwks: signer.jwks, token_location: place, token_name: 'X-Pass' }
      await using sluice = await gateway({
        api: { pluginIds: ['k1', 'j1'] },
        parts: [pluginPart('kafka_log', content, 'k1'), pluginPart('jwt_auth', jwt, 'j1')],
      })
      const inQuery = place === 'query'
      const target = inQuery ? `/orders?X-Pass=${token}&a=1` : '/orders?a=1'
      expect((await sluice.get(target, { headers: inQuery ? {} : { 'X-Pass': token } })).status).toBe(200)
      const [record] = await recordsOf(sluice, at, `token-${place}`, 1)
      expect(record?.value).not.toContain(token)
      const told = inQuery
        ? { request_query_string: { 'X-Pass': '***', a: '1' } }
        : { request_header: { 'x-pass': '***' } }
      expect(record && parsed(record)).toMatchObject(told)
    },
  )

  test('is told a mebibyte of a body, cut between characters', async ({ skip }) => {
    const at = kafka(skip)
    const meta_config = { call_data: { log_request_body: true, log_response_body: true } }
    await using sluice = await logging({ broker_list: [at.plain], topic: 'bodies', meta_config })
    await sluice.post('/orders', `x${'é'.repeat(600_000)}`)
    const [record] = await recordsOf(sluice, at, 'bodies', 1)
    // As many bytes as fit, less the half of a character.
    expect(record && parsed(record)).toMatchObject({ request_body: `x${'é'.repeat(524_287)}`, response_body: '{}' })
  })

  test('is told replies of the gateway; what comes after a change goes to the new topic', async ({ skip }) => {
    const at = kafka(skip)
    const content = { broker_list: [at.plain], meta_config: { call_data: { log_response_body: true } } }
    const backend = mockBackend({ result_content: 'mocked' })
    await using sluice = await logging({ ...content, topic: 'before' }, { api: { backend } })
    await sluice.get('/orders')
    await sluice.apply(change([pluginPart('kafka_log', { ...content, topic: 'after' }, 'k1')]))
    await sluice.get('/orders')
    const [record] = await recordsOf(sluice, at, 'after', 1)
    expect(record && parsed(record)).toMatchObject({ response_body: 'mocked', upstream_status: null })
  })

  test.for(['SASL_PLAINTEXT', 'SASL_SSL'] as const)('is logged in to by %s', async (security_protocol, { skip }) => {
    const at = kafka(skip)
    const tls = security_protocol === 'SASL_SSL'
    const sasl_config = {
      security_protocol,
      sasl_mechanisms: 'PLAIN',
      sasl_username: KAFKA_USER.username,
      sasl_password: KAFKA_USER.password,
      ssl_ca_content: tls ? identity.pem : '',
    }
    const topic = security_protocol.toLowerCase()
    const broker_list = [tls ? at.saslTls : at.sasl]
    const losses: string[] = []
    await using sluice = await logging({ broker_list, topic, sasl_config, max_retry_count: 5 }, { losses })
    await sluice.get('/orders')
    expect(await recordsOf(sluice, at, topic, 1)).toHaveLength(1)
    expect(losses).toEqual([])
  })

  test('gets every record of an orderly run under load', { timeout: 300_000 }, async ({ skip }) => {
    const at = kafka(skip)
    const count = Number(process.env['SLUICE_KAFKA_RECORDS'] ?? 3_000)
    const losses: string[] = []
    const backend = mockBackend({ result_content: 'x'.repeat(200) })
    const content = { broker_list: [at.plain], topic: 'load', max_retry_count: 3 }
    await using sluice = await logging(content, { api: { backend }, losses })
    let sent = 0
    const call = async (): Promise<void> => {
      while (sent++ < count) expect((await sluice.get(`/orders?n=${sent}`)).status).toBe(200)
    }
    await Promise.all(Array.from({ length: 32 }, call))
    await sluice.gateway.drain()
    // What was repeated may be there twice.
    const ids = new Set<unknown>()
    await readTopic(at.plain, 'load', (records) => {
      for (const record of records.slice(-1)) ids.add(parsed(record)['request_id'])
      return ids.size >= count
    })
    expect(ids.size).toBe(count)
    expect(losses).toEqual([])
  })
})

describe('a broker that is not there', () => {
  test('policies.md 16: is asked as often as configured, and no client notices', async () => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.destroy()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const losses: string[] = []
    const content = { broker_list: [`127.0.0.1:${port}`], topic: 't', max_retry_count: 1, retry_backoff: 1 }
    await using sluice = await logging(content, { losses })
    const replies = await Promise.all(Array.from({ length: 20 }, () => sluice.get('/orders')))
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    await expect.poll(() => losses.length, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(losses[0]).toMatch(/^plug-in k1: \d+ records for Kafka were dropped: /)
    expect(connections).toBeGreaterThanOrEqual(2)
    // All of them are in the end, and the figures say so.
    await expect
      .poll(() => sluice.gateway.figures().losses, { timeout: 20_000 })
      .toContainEqual({ what: 'kafka_log', pluginId: 'k1', count: 20 })
    expect(sluice.gateway.figures().kafka).toEqual([{ pluginId: 'k1', bytes: 0 }])
    expect(sluice.faults).toEqual([])
    server.close()
  })

  test('costs no more than 32 MiB, however large bodies are, and no client notices', async () => {
    // It takes everything and says nothing.
    const server = createServer((socket) => socket.resume().on('error', () => undefined))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const meta_config = { call_data: { log_request_body: true } }
    const content = { broker_list: [`127.0.0.1:${port}`], topic: 't', max_retry_count: 0, meta_config }
    const sluice = await logging(content)
    const body = 'x'.repeat(1024 * 1024)
    const most = 32 * 1024 * 1024
    const kept: number[] = []
    for (let i = 0; i < 36; i++) {
      expect((await sluice.post('/orders', body)).status).toBe(200)
      kept.push(sluice.gateway.figures().kafka[0]?.bytes ?? 0)
    }
    expect(Math.max(...kept)).toBeLessThanOrEqual(most)
    expect(Math.max(...kept)).toBeGreaterThan(most - 2 * 1024 * 1024)
    await sluice[Symbol.asyncDispose]()
    server.close()
  })

  test('whose address must not be called is not called', async () => {
    const losses: string[] = []
    await using sluice = await logging(
      { broker_list: ['169.254.169.254:9092'], max_retry_count: 0, topic: 't' },
      { losses },
    )
    expect((await sluice.get('/orders')).status).toBe(200)
    await expect.poll(() => losses).toEqual([expect.stringContaining('is an address that must not be called')])
  })

  test('holds an end up no longer than it may', async () => {
    const losses: string[] = []
    const port = await freePort()
    const content = { broker_list: [`127.0.0.1:${port}`], topic: 't', max_retry_count: 5 }
    const sluice = await logging(content, { losses })
    await sluice.get('/orders')
    // Ending it does not wait for brokers longer than it may.
    const before = Date.now()
    await sluice[Symbol.asyncDispose]()
    expect(Date.now() - before).toBeLessThan(5_000)
    expect(losses).toEqual([expect.stringContaining('plug-in k1: 1 records for Kafka were dropped')])
  })
})

test('filters are names between commas, in any case, with wildcards', () => {
  expect(nameFilter('')('anything')).toBe(true)
  const isTold = nameFilter('X-A, x-b-*,*-end,a*b*c')
  expect(['x-a', 'X-B-', 'x-b-1', 'the-end', 'abc', 'a-b-c'].every(isTold)).toBe(true)
  expect(['x-aa', 'x-b', '-ends', 'ab', 'acb', 'ac'].some(isTold)).toBe(false)
  expect(nameFilter('a*a')('a')).toBe(false)
})

test('filters agree with what their patterns mean as regular expressions', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '-', '.', '(', '\\'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '(', '\\', '*'), maxLength: 8 })
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), text, (patterns, name) => {
      const meant = patterns.filter((one) => one !== '')
      const expressions = meant.map((one) =>
        one
          .split('*')
          .map((piece) => piece.replace(/[.()\\]/g, '\\$&'))
          .join('.*'),
      )
      const expected = meant.length === 0 || expressions.some((one) => new RegExp(`^(?:${one})$`, 'i').test(name))
      expect([patterns, name, nameFilter(patterns.join(','))(name)]).toEqual([patterns, name, expected])
    }),
  )
})

test('a filter of many wildcards takes no longer than its name is long', () => {
  const filter = nameFilter('a*'.repeat(2_000) + 'b')
  const begun = performance.now()
  expect(filter('a'.repeat(20_000))).toBe(false)
  expect(performance.now() - begun).toBeLessThan(500)
})
