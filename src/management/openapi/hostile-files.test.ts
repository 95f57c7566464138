/** Whatever a file says, its import is an answer that the contract knows, never a defect. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { engines } from '../../../test/engines.js'
import { management } from '../../../test/management.js'
import { exported, importing, operation, swagger } from '../../../test/open-api.js'
import { publish, RELEASE } from '../../../test/stage.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const authorizer = {
  ...{ type: 'apiKey', in: 'header', name: 'unused', 'x-apigateway-auth-type': 'AUTHORIZER' },
  'x-apigateway-authorizer': {
    ...{ type: 'FRONTEND', authorizer_type: 'FUNC', authorizer_uri: 'urn:f', ttl: 60, timeout: 10, retry_attempts: 1 },
    identities: [{ name: 'X-A', location: 'HEADER', validation: '^a' }],
  },
}
const parameters = [
  { $ref: '#/parameters/id' },
  {
    name: 'n',
    in: 'query',
    type: 'integer',
    minimum: 0,
    maximum: 9,
    default: 1,
    enum: [1, 2],
    'x-apigateway-sample': 1,
  },
]
const policy = {
  ...{ type: 'HTTP', name: 'other', 'effect-mode': 'ANY' },
  conditions: [{ type: 'equal', value: 'a', origin: 'request', parameter: 'n' }],
  httpEndpoints: { address: 'b.test', scheme: 'https', method: 'ANY', path: '/c', timeout: 1 },
}
const backend = {
  type: 'HTTP',
  parameters: [{ name: 'x', value: 'n', in: 'header', origin: 'REQUEST', description: 'd' }],
  httpEndpoints: { address: 'a.test', scheme: 'http', method: 'GET', path: '/b', timeout: 1000, retryCount: '1' },
}
const named = {
  ...{ 'x-apigateway-ratelimit': 'limit', 'x-apigateway-access-control': 'acl', 'x-apigateway-plugins': ['headers'] },
  'x-apigateway-response': 'custom',
}
const whole = operation({
  ...{ operationId: 'whole', tags: ['a'], schemes: ['http'], security: [{ own: [] }], parameters, ...named },
  ...{ 'x-apigateway-backend': backend, 'x-apigateway-backend-policies': [policy] },
  'x-apigateway-trace': { enabled: true, strategy: 'RATE', param: '5' },
})
const definitions = {
  'x-apigateway-ratelimits': {
    limit: {
      ...{ 'api-limit': 9, interval: 1, unit: 'DAY', shared: true },
      special: [{ type: 'USER', limit: 2, instance: 'p' }],
    },
  },
  'x-apigateway-access-controls': { acl: { 'acl-type': 'DENY', 'entity-type': 'IP', value: '10.0.0.1' } },
  'x-apigateway-plugins': {
    headers: {
      type: 'set_resp_headers',
      scope: 'global',
      content: { response_headers: [{ name: 'a', action: 'delete' }] },
    },
  },
  'x-apigateway-responses': { custom: { NOT_FOUND: { status: 410, body: 'b', headers: [{ key: 'X', value: 'v' }] } } },
}
const id = { name: 'id', in: 'path', type: 'string', required: true }
const paths = {
  '/a/{id}': { get: whole, 'x-apigateway-any-method': { ...whole, operationId: 'any' } },
  '/b': { $ref: '#/x-paths/b' },
}
const two = swagger(paths, {
  ...{ ...definitions, basePath: '/v1', host: 'a.test', parameters: { id }, securityDefinitions: { own: authorizer } },
  'x-paths': { b: { post: operation() } },
})
const three = {
  ...two,
  swagger: undefined,
  openapi: '3.0.3',
  servers: [{ url: 'https://{name}.test/v2', variables: { name: { default: 'a' } } }],
  components: { securitySchemes: { own: authorizer } },
}

/** Values that somebody may have meant, and others. */
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    '',
    0,
    -1,
    1.5,
    1e21,
    [],
    {},
    [[]],
    'x'.repeat(5_000),
    '__proto__',
    '\0',
    '\ud800',
    'a\r\nb',
  ),
  fc.constantFrom<Json>({ $ref: '#' }, { $ref: '#/paths' }, { $ref: '#/paths/~1b' }, { $ref: '' }, { $ref: 1 }),
  fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as Json),
)
const name = fc.constantFrom('get', 'type', 'name', '__proto__', 'constructor', 'x-apigateway-backend', '$ref', '/')

interface Change {
  /** Which of the places of the document, as a part of their number. */
  readonly at: number
  readonly kind: 'replace' | 'remove' | 'rename' | 'copy'
  readonly value: Json
  readonly name: string
}
const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  kind: fc.constantFrom('replace', 'remove', 'rename', 'copy'),
  value,
  name,
})

interface Place {
  readonly holder: Record<string, unknown>
  readonly key: string
}

function placesIn(node: unknown): Place[] {
  if (typeof node !== 'object' || node === null) return []
  const holder = node as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])])
}

/** As JSON text, so that a name like `__proto__` is a name. */
function changed(document: object, changes: readonly Change[]): string {
  const copy = JSON.parse(JSON.stringify(document)) as object
  for (const { at, kind, value: put, name: to } of changes) {
    const places = placesIn(copy)
    const place = places[Math.floor(at * places.length)]
    if (place === undefined) break
    const { holder, key } = place
    const former = holder[key]
    if (kind === 'replace') holder[key] = put
    if (kind === 'remove' || kind === 'rename') Reflect.deleteProperty(holder, key)
    if (kind === 'rename' || kind === 'copy')
      Object.defineProperty(holder, to, { value: former, enumerable: true, configurable: true, writable: true })
  }
  return JSON.stringify(copy)
}

/** Files on each database. */
const runs = Number(process.env['SLUICE_ROUND_TRIPS'] ?? 15)

describe.each(engines)('hostile files on $name', (engine) => {
  test(
    'a document that was changed anyhow is imported, or refused as the contract says',
    { timeout: 120_000 },
    async () => {
      await using sluice = await management(engine)
      const unharmed = await importing(sluice, changed(two, []))
      expect(unharmed.body).toMatchObject({ success: [{}, {}, {}], failure: [] })
      const modes = fc.constantFrom('true', 'false')
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(two, three),
          fc.array(change, { minLength: 1, maxLength: 4 }),
          fc.record({ simple_mode: modes, mock_mode: modes, extend_mode: fc.constantFrom('merge', 'override') }),
          async (document, changes, fields) => {
            const group_id = unharmed.body.group_id as string
            const target = { is_create_group: 'false', group_id, api_mode: 'override' }
            const { status } = await importing(sluice, changed(document, changes), { ...fields, ...target })
            expect(status).toBeLessThan(500)
            const body = { group_id, env_id: RELEASE, define: 'dev' }
            expect((await sluice.call('exportApiDefinitionsV2', { body })).status).toBe(200)
          },
        ),
        { numRuns: runs },
      )
      for (const { id: apiId } of (await sluice.given('listApisV2', { query: { limit: 500 } })).apis as {
        id: string
      }[])
        await publish(sluice, apiId)
      expect(await exported(sluice, unharmed.body.group_id as string)).toHaveProperty('paths')
      expect(sluice.failures).toEqual([])
    },
  )
})
