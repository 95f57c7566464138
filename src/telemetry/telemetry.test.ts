/** Checks of telemetry.md, by number, on what a whole gateway logs and counts. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { gateway } from '../../test/gateway.js'
import { appPart, mockBackend, throttlePart } from '../../test/parts.js'

test('telemetry.md 1: a proxied request is one line, with the id that the caller got', async () => {
  await using gw = await gateway({ api: { name: 'orders', backend: { req_uri: '/v1' } } })
  const reply = await gw.get('/orders?a=1', {
    headers: { 'User-Agent': 'test "agent"', 'X-Forwarded-For': '192.0.2.1' },
  })
  const lines = await gw.log()
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({
    remote_addr: '127.0.0.1',
    request_id: reply.headers['x-request-id'],
    api_id: 'a1',
    request_method: 'GET',
    scheme: 'http',
    host: 'g1.apic.test',
    router_uri: '/orders?a=1',
    server_protocol: 'HTTP/1.1',
    status: '200',
    http_user_agent: 'test "agent"',
    http_x_forwarded_for: '192.0.2.1',
    upstream_addr: gw.backend.address,
    upstream_uri: '/v1?a=1',
    upstream_status: '200',
    region_id: 'local-1',
    errorType: '0',
    auth_type: 'NONE',
    access_model1: '-',
    api_name: 'orders',
    response_source: 'remote',
    upstream_scheme: 'http',
    group_id: 'g1',
    apig_err_code: '-',
  })
  for (const name of ['request_time', 'inner_time', 'all_upstream_response_time', 'upstream_header_time']) {
    expect(lines[0]?.[name]).toMatch(/^\d+\.\d{3}$/)
  }
})

test('telemetry.md 2: a mock has no backend', async () => {
  await using gw = await gateway({ api: { backend: mockBackend() } })
  await gw.get('/orders')
  const [line = {}] = await gw.log()
  const upstream = Object.entries(line).filter(([name]) => name.includes('upstream'))
  expect(upstream.map(([, value]) => value)).toEqual(Array.from({ length: 8 }, () => '-'))
  expect(line['response_source']).toBe('local')
})

test('telemetry.md 3: the sizes of a request', async () => {
  await using gw = await gateway({ api: { req_method: 'POST' } })
  await gw.post('/orders', '0123456789')
  const [line = {}] = await gw.log()
  expect(line['body_bytes_sent']).toBe('10')
  expect(Number(line['request_length'])).toBeGreaterThan(10)
  expect(Number(line['bytes_sent'])).toBeGreaterThan(2)
})

test('telemetry.md 4: an unknown path of a group', async () => {
  await using gw = await gateway({ api: {} })
  await gw.get('/nothing')
  await gw.get('/nothing', { host: 'unknown.example' })
  const [known, unknown] = await gw.log()
  expect(known).toMatchObject({
    api_id: '-',
    status: '404',
    apig_err_code: 'APIG.0101',
    response_source: 'local',
    group_id: 'g1',
  })
  expect(unknown).toMatchObject({ host: 'unknown.example', status: '404', group_id: '-' })
})

test('telemetry.md 5: a throttled call, in the log and in the statistics', async () => {
  await using gw = await gateway({ api: { throttleId: 't1' }, parts: [throttlePart({ apiLimit: 1 })] })
  await gw.get('/orders')
  await gw.get('/orders')
  const deltas = gw.gateway.drainStatistics()
  expect(deltas.map(({ count, count2xx, count4xx, throttled }) => [count, count2xx, count4xx, throttled])).toEqual([
    [2, 1, 1, 1],
  ])
  expect((await gw.log())[1]).toMatchObject({ status: '429', errorType: '1', apig_err_code: 'APIG.0308' })
})

test('telemetry.md 6: a wrong signature, and a right one', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [appPart({ name: 'shop' })] })
  await gw.get('/orders', { headers: gw.sign('GET', '/other') })
  await gw.signed('GET', '/orders')
  const [wrong, right] = await gw.log()
  expect(wrong).toMatchObject({ status: '401', errorType: '0', access_model1: '-', app_id: '-', auth_type: 'APP' })
  expect(right).toMatchObject({ access_model1: 'signature', app_id: 'app1', app_name: 'shop', user_id: 'p1' })
})

test('§2.4: no credential is in the log', async () => {
  await using gw = await gateway({ api: { auth_type: 'APP' }, parts: [appPart({ codes: ['SECRET-CODE'] })] })
  await gw.get('/orders?access_token=SECRET', {
    headers: { 'X-Apig-AppCode': 'SECRET-CODE', Authorization: 'Bearer SECRET', 'X-Auth-Token': 'SECRET' },
  })
  expect(JSON.stringify(await gw.log())).not.toContain('SECRET')
})

test('telemetry.md 8: a retry is one line, whose last attempt is shorter than all of them', async () => {
  await using gw = await gateway({ api: { backend: { timeout: 200 } } })
  let attempts = 0
  gw.backend.answer = (response) => {
    attempts++
    if (attempts === 2) response.end('ok')
  }
  expect((await gw.get('/orders')).status).toBe(200)
  const lines = await gw.log()
  expect(lines).toHaveLength(1)
  const { all_upstream_response_time: all, upstream_response_time: last } = lines[0] ?? {}
  expect(Number(all)).toBeGreaterThanOrEqual(Number(last) + 0.19)
})

test('telemetry.md 9: backend errors are counted by class, with the times of those that reached a backend', async () => {
  await using gw = await gateway({ api: {} })
  gw.backend.answer = (response) => {
    response.statusCode = gw.backend.requests.length <= 6 ? 404 : 502
    response.end('error')
  }
  for (let i = 0; i < 7; i++) await gw.get('/orders')
  await gw.get('/nothing')
  const all = gw.gateway.drainStatistics()
  const deltas = all.filter(({ apiId }) => apiId !== '')
  expect(all.filter((delta) => !deltas.includes(delta))).toMatchObject([
    { instanceId: 'i1', groupId: 'g1', count4xx: 1 },
  ])
  const sum = (pick: (delta: (typeof deltas)[number]) => number) => deltas.reduce((total, one) => total + pick(one), 0)
  expect([sum((d) => d.count), sum((d) => d.count2xx), sum((d) => d.count4xx), sum((d) => d.count5xx)]).toEqual([
    7, 0, 6, 1,
  ])
  expect(sum((d) => d.backendCount)).toBe(7)
  for (const delta of deltas) {
    expect(delta).toMatchObject({ instanceId: 'i1', groupId: 'g1', apiId: 'a1' })
    expect(delta.minute % 60).toBe(0)
    expect(delta.latencyMax).toBeGreaterThan(0)
    expect(delta.latencySum).toBeGreaterThanOrEqual(delta.latencyMax)
    expect(delta.bytesIn).toBeGreaterThan(delta.count * 20)
    expect(delta.bytesOut).toBeGreaterThan(delta.count * 20)
  }
})

test('a caller who goes away is logged as 499 and counted as a 4xx', async () => {
  await using gw = await gateway({ api: {} })
  gw.backend.answer = () => undefined
  const socket = connect(gw.gateway.addresses[0]?.port ?? 0, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('GET /orders HTTP/1.1\r\nHost: g1.apic.test\r\n\r\n')
  await expect.poll(() => gw.backend.requests.length).toBe(1)
  socket.destroy()
  const seen: number[] = []
  await expect
    .poll(() => {
      seen.push(...gw.gateway.drainStatistics().map(({ count4xx }) => count4xx))
      return seen
    })
    .toEqual([1])
  expect(await gw.log()).toMatchObject([{ status: '499', api_id: 'a1' }])
})
