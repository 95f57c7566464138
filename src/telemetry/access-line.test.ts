import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonLines } from './access-json.js'
import { ACCESS_FIELDS, accessLine, readFields, splitAccessLine } from './access-line.js'
import type { AccessRecord } from './access-record.js'
import { RouteLabels } from './route-labels.js'

function record(changes: Partial<AccessRecord> = {}, headers: Readonly<Record<string, string>> = {}): AccessRecord {
  return {
    requestId: '0123456789abcdef0123456789abcdef',
    receivedAt: Date.UTC(2026, 0, 2, 15, 4, 5),
    startedAt: 1000,
    finishedAt: 1042.4,
    head: {
      method: 'GET',
      target: '/orders?b=2&a=1',
      host: 'shop.example:8000',
      minorVersion: 1,
      header: (name) => headers[name],
    },
    sourceAddress: '192.0.2.7',
    connection: { proxyFields: '- - -' },
    secure: false,
    groupId: 'g1',
    route: { labels: new RouteLabels('a1', 'orders', 'APP') },
    caller: { appId: 'app1', appName: 'shop "one"', userId: 'p1', accessModel: 'signature' },
    plan: { target: '/v1/orders', origin: { tls: false } },
    secondFactor: '',
    functionUrn: '',
    customFields: undefined,
    status: 200,
    errorCode: '',
    errorType: '',
    bytesIn: 120,
    bodyBytesIn: 10,
    bytesOut: 345,
    upstreamAddress: '10.0.0.1:80',
    upstreamStatus: 201,
    upstreamStartedAt: 1005,
    upstreamConnectedAt: 1005,
    upstreamHeadAt: 1030,
    upstreamEndedAt: 1040,
    upstreamTotal: 35,
    ...changes,
  }
}

const silent = { plan: undefined, upstreamAddress: '', upstreamStatus: 0, upstreamStartedAt: 0, upstreamTotal: 0 }

function fields(line: string): Record<string, string | undefined> {
  const values = splitAccessLine(line)
  expect(values).toHaveLength(54)
  return Object.fromEntries(ACCESS_FIELDS.map((name, index) => [name, values[index]]))
}

test('a proxied request, the whole line', () => {
  const headers = { 'user-agent': 'curl/8 (x)', 'x-forwarded-for': '1.2.3.4, 5.6.7.8' }
  const line = accessLine(record({}, headers), 'local-1')
  expect(line.replace(/"\d\d\/\w{3}\/2026:[\d:]{8} [+-]\d{4}"/, 'TIME')).toBe(
    '192.0.2.7 0123456789abcdef0123456789abcdef a1 p1 app1 TIME 0.042 GET http shop.example "/orders?b=2&a=1" ' +
      'HTTP/1.1 200 345 120 "curl/8 (x)" "1.2.3.4, 5.6.7.8" 10.0.0.1:80 /v1/orders 201 0.000 0.025 0.035 local-1 0.035 ' +
      '0 APP signature - 0.007 - - - 10 "orders" "shop \\x22one\\x22" - - - - - - - - - - - - remote - http g1 - -\n',
  )
})

test('the fields are the 54 of the specification, in its order', () => {
  expect(ACCESS_FIELDS).toHaveLength(54)
  expect([ACCESS_FIELDS[0], ACCESS_FIELDS[12], ACCESS_FIELDS[38], ACCESS_FIELDS[48], ACCESS_FIELDS[53]]).toEqual([
    'remote_addr',
    'status',
    'custom_data_log1',
    'response_source',
    'function_urn',
  ])
})

test('telemetry.md check 2: without a backend the upstream fields are absent, and the reply is local', () => {
  const shown = fields(accessLine(record(silent), 'local-1'))
  for (const name of ACCESS_FIELDS.filter((one) => one.includes('upstream')))
    expect([name, shown[name]]).toEqual([name, '-'])
  expect(shown['response_source']).toBe('local')
})

test('telemetry.md check 4: a request that no API matched has the group and the code', () => {
  const changes = {
    ...silent,
    route: undefined,
    caller: undefined,
    status: 404,
    errorCode: 'APIG.0101',
    errorType: 'NOT_FOUND',
  }
  const shown = fields(accessLine(record(changes), 'local-1'))
  expect(shown).toMatchObject({
    api_id: '-',
    status: '404',
    apig_err_code: 'APIG.0101',
    group_id: 'g1',
    errorType: '0',
  })
})

test('a backend that failed is local, with what is known of it', () => {
  const changes = { upstreamStatus: 0, upstreamConnectedAt: 0, upstreamHeadAt: 0, status: 502, errorCode: 'APIG.0202' }
  const shown = fields(accessLine(record(changes), 'local-1'))
  expect(shown).toMatchObject({ upstream_addr: '10.0.0.1:80', upstream_status: '-', upstream_connect_time: '-' })
  expect(shown).toMatchObject({ response_source: 'local', upstream_response_time: '0.035' })
})

test('tokens in the query are masked however their names are written', () => {
  const target = '/a?X-Auth-Token=SECRET&b=token&access%5Ftoken=SECRET&%41ppcode=SECRET&c'
  const line = accessLine(record({ head: { ...record().head, target } }), 'local-1')
  expect(line).not.toContain('SECRET')
  expect(fields(line)['router_uri']).toBe('/a?X-Auth-Token=***&b=token&access%5Ftoken=***&%41ppcode=***&c')
})

test('a route may have secrets of its own, which are none of the log on either side', () => {
  const labels = new RouteLabels('a1', 'orders', 'NONE', new Set(['jwt']))
  const target = '/a?JWT=SECRET&b=1'
  const plan = { target, origin: { tls: false } }
  const line = accessLine(record({ head: { ...record().head, target }, route: { labels }, plan }), 'local-1')
  expect(line).not.toContain('SECRET')
  expect(fields(line)).toMatchObject({ router_uri: '/a?JWT=***&b=1', upstream_uri: '/a?JWT=***&b=1' })
})

test('whatever a caller sends, a line is one line of 54 fields, and nothing is lost', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 2,
  })
  fc.assert(
    fc.property(text, text, text, (agent, host, target) => {
      const head = { ...record().head, host, target: `/${target}` }
      const line = accessLine(record({ head: { ...head, header: () => agent } }), 'local-1')
      expect(line.indexOf('\n')).toBe(line.length - 1)
      expect(fields(line)['http_user_agent']).toBe(agent)
    }),
    { numRuns: 1000 },
  )
})

const one = <T>(...values: T[]) => fc.constantFrom(...values)
const callers: AccessRecord['caller'][] = [
  undefined,
  { appId: 'app1', appName: 'one', userId: 'u1', accessModel: 'signature' },
  { appId: '', appName: '"é" \\', userId: 'u2', projectId: 'p2', accessModel: 'token' },
]
const facts = {
  caller: one(...callers),
  secure: fc.boolean(),
  secondFactor: one('', 'authorizer1'),
  errorType: one('', 'THROTTLED'),
  errorCode: one('', 'APIG.0308', 'APIG.0101'),
  groupId: one('', 'g1', 'g2'),
  functionUrn: one('', 'urn:fss:one'),
  customFields: one(
    undefined,
    () => 'a b c d e f g h i j',
    () => '"k\\x22" b c d e f g h i "-"',
  ),
  gzip: one(undefined, { before: 200, after: 100 }, { before: 300, after: 100 }),
  upstreamStatus: one(0, 200),
  plan: one(undefined, { target: '/v1', origin: { tls: false } }, { target: '/v1', origin: { tls: true } }),
  head: one(...['a.test', 'b.test', ''].map((host) => ({ ...record().head, host }))),
}

test('what lines of a route have in common is that of their own requests', () => {
  // One thing changes at a time: what is compared for nothing else shows.
  const change = fc.oneof(...Object.entries(facts).map(([name, values]) => values.map((value) => ({ [name]: value }))))
  const json = jsonLines('x')
  fc.assert(
    fc.property(fc.record<Partial<AccessRecord>>(facts), fc.array(change, { maxLength: 20 }), (first, changes) => {
      const [forText, forJson] = [new RouteLabels('a1', 'orders', 'APP'), new RouteLabels('a1', 'orders', 'APP')]
      let request = first
      for (const next of [{}, ...changes]) {
        request = { ...request, ...next }
        const alone = () => record({ ...request, route: { labels: new RouteLabels('a1', 'orders', 'APP') } })
        expect(accessLine(record({ ...request, route: { labels: forText } }), 'x')).toBe(accessLine(alone(), 'x'))
        expect(json(record({ ...request, route: { labels: forJson } }))).toBe(json(alone()))
      }
    }),
  )
})

const NUMBERS: ReadonlySet<string> = new Set([
  ...['request_time', 'status', 'bytes_sent', 'request_length', 'body_bytes_sent', 'inner_time'],
  ...['upstream_status', 'upstream_connect_time', 'upstream_header_time', 'upstream_response_time'],
  'all_upstream_response_time',
])

/** The bytes of a line, read as whoever reads the file does. */
function parsed(line: string): Record<string, unknown> {
  expect(line.indexOf('\n')).toBe(line.length - 1)
  return JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Record<string, unknown>
}

test('the JSON form has the same record, whatever is sent', () => {
  const octet = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
  const text = fc.oneof(fc.string({ unit: octet }), fc.string(), fc.constantFrom('-', '"', '\\', '\n', 'Jos\xc3\xa9'))
  // What is bare in a text line is escaped there.
  const visible = fc.string({ unit: fc.constantFrom(...Array.from('abc:/?=%&~')) })
  const changes = fc.record<Partial<AccessRecord>>({ ...facts, status: one(200, 404), upstreamHeadAt: one(0, 1030) })
  const json = jsonLines('local-1')
  fc.assert(
    fc.property(changes, text, visible, fc.boolean(), (change, agent, target, isRouted) => {
      const bytes = Buffer.from(agent, 'utf8').toString('latin1')
      const header = (name: string) => (name === 'user-agent' ? bytes : undefined)
      const head = { ...record().head, ...change.head, target: `/${target}`, header }
      const connection = { proxyFields: '4711 - 203.0.113.7' }
      const shown = () => record({ ...change, head, connection, ...(isRouted ? {} : { route: undefined }) })
      const values = readFields(accessLine(shown(), 'local-1'))
      const expected = ACCESS_FIELDS.map((name, index) => {
        const value = values[index]
        if (value === undefined) return [name, null]
        return [name, NUMBERS.has(name) ? Number(value) : Buffer.from(value, 'latin1').toString('utf8')]
      })
      expect(Object.entries(parsed(json(shown())))).toEqual(expected)
    }),
    { numRuns: 500 },
  )
})

test('JSON is written as UTF-8, and what is none is replaced', () => {
  const json = jsonLines('Zürich')
  const shown = (agent: string) => parsed(json(record({}, { 'user-agent': agent })))
  expect(shown('Jos\xc3\xa9')).toMatchObject({ http_user_agent: 'José', region_id: 'Zürich', app_name: 'shop "one"' })
  expect(shown('\xff"\x00')).toMatchObject({ http_user_agent: '\ufffd"\0', request_time: 0.042, status: 200 })
})

test('secrets are none of the JSON form either', () => {
  const target = '/a?JWT=SECRET&access%5Ftoken=SECRET'
  const labels = new RouteLabels('a1', 'orders', 'NONE', new Set(['jwt']))
  const shown = record({
    head: { ...record().head, target },
    route: { labels },
    plan: { target, origin: { tls: false } },
  })
  expect(jsonLines('x')(shown)).not.toContain('SECRET')
})

test('times are seconds with three decimals', () => {
  const shown = (finishedAt: number) =>
    fields(accessLine(record({ ...silent, startedAt: 0, finishedAt }), 'x'))['request_time']
  expect([0, 0.4, 0.6, 999.5, 1000, 61_005.2].map(shown)).toEqual([
    '0.000',
    '0.000',
    '0.001',
    '1.000',
    '1.000',
    '61.005',
  ])
})

test('the scheme of the backend, gRPC among them', () => {
  const schemes = [{ tls: false }, { tls: true }, { tls: false, http2: true }, { tls: true, http2: true }].map(
    (origin) => {
      const line = accessLine(record({ plan: { target: '/v1/orders', origin } }), 'local-1')
      return fields(line)['upstream_scheme']
    },
  )
  expect(schemes).toEqual(['http', 'https', 'grpc', 'grpcs'])
})

test('what a PROXY header said, in fields 31 to 33', () => {
  const connection = { proxyFields: '4711 vpce-1 203.0.113.7' }
  expect(fields(accessLine(record({ connection }), 'local-1'))).toMatchObject({
    proxy_protocol_vni: '4711',
    proxy_protocol_vpce_id: 'vpce-1',
    proxy_protocol_addr: '203.0.113.7',
    body_bytes_sent: '10',
  })
})
