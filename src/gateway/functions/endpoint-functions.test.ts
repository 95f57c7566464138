import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { functionsFolder, urnOf } from '../../../test/functions-folder.js'
import { gateway } from '../../../test/gateway.js'
import type { ApiSpec } from '../../../test/parts.js'

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Seen {
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly event: unknown
}

/** Answers for FunctionGraph's data plane, as its public reference describes it. */
async function endpoint(answer: (target: string) => Answer | undefined) {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { url: target = '', headers } = request
      seen.push({ target, headers, event: JSON.parse(Buffer.concat(pieces).toString()) as unknown })
      const found = answer(target)
      // It hangs.
      if (found === undefined) return
      response.writeHead(found.status, found.headers)
      response.end(found.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const api = (name: string, more: object = {}): ApiSpec => ({
  id: name,
  req_uri: `/${name}`,
  backend: {
    ...{ type: 'FUNCTION', function_urn: urnOf(name), invocation_type: 'sync', timeout: 20_000, params: [] },
    ...more,
  },
})

test('functions behind an endpoint of FunctionGraph are called by its API; the folder comes first', async () => {
  await using remote = await endpoint((target) => {
    if (target.includes(':later:')) return { status: 202, body: '{"request_id":"r"}' }
    if (target.includes(':none:')) return { status: 404, body: '{"error_code":"FSS.1051"}' }
    if (target.includes(':busy:')) return { status: 429 }
    if (target.includes(':down:')) return { status: 503 }
    if (target.includes(':threw:'))
      return { status: 200, headers: { 'X-Func-Err-Code': '110' }, body: '{"statusCode":200}' }
    if (target.includes(':hangs:')) return undefined
    return { status: 200, headers: { 'X-Func-Err-Code': '0' }, body: '{"statusCode":201,"body":"remote"}' }
  })
  using folder = functionsFolder({ 'default/near.js': 'exports.handler = () => ({ statusCode: 200, body: "near" })' })
  await using gw = await gateway({
    api: [
      ...['near', 'none', 'busy', 'down', 'threw'].map((name) => api(name)),
      api('far', { version: 'v1' }),
      api('later', { invocation_type: 'async' }),
      api('hangs', { timeout: 100 }),
    ],
    options: {
      functions: { directory: folder.directory, endpoint: { url: remote.url, token: 'secret' } },
    },
  })
  for (const [name, status, expected] of [
    ['near', 200, 'near'],
    ['far', 201, 'remote'],
    ['none', 500, 'APIG.0103'],
    ['busy', 502, 'APIG.0202'],
    ['down', 502, 'APIG.0202'],
    ['threw', 502, 'APIG.0202'],
    ['hangs', 504, 'APIG.0203'],
    ['later', 202, ''],
  ] as const) {
    const reply = await gw.get(`/${name}?a=1`)
    expect([name, reply.status, reply.code ?? reply.body]).toEqual([name, status, expected])
  }
  const far = remote.seen.find(({ target }) => target.includes(':far:'))
  expect(far).toMatchObject({
    target: `/base/v2/p1/fgs/functions/${urnOf('far')}:v1/invocations`,
    headers: { 'x-auth-token': 'secret', 'x-cff-request-version': 'v0', 'content-type': 'application/json' },
    event: { httpMethod: 'GET', path: '/far', queryStringParameters: { a: '1' } },
  })
  expect(remote.seen.at(-1)?.target).toMatch(/later:latest\/invocations-async$/)
  expect(remote.seen.map(({ target }) => target).join()).not.toContain(':near:')
})

test('an endpoint that cannot be reached is a backend that cannot be', async () => {
  await using gw = await gateway({
    api: api('far'),
    options: { functions: { endpoint: { url: 'http://127.0.0.1:1' } } },
  })
  const reply = await gw.get('/far')
  expect([reply.status, reply.code]).toEqual([502, 'APIG.0202'])
})
