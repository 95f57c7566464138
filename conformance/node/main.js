/**
 * The core of Huawei's SDK for Node, unmodified, driven by conformance/sdk.ts. npm has no package of the service's
 * operations beside it: requests are put together here, signed and sent, and their replies read, by the SDK.
 */
import { ClientBuilder } from '@huaweicloud/huaweicloud-sdk-core/ClientBuilder.js'
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js'
import { BasicCredentials } from '@huaweicloud/huaweicloud-sdk-core/auth/BasicCredentials.js'
import { ServiceResponseException } from '@huaweicloud/huaweicloud-sdk-core/exception/ServiceResponseException.js'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
const LIMIT = 5
const job = JSON.parse(readFileSync(process.argv[3], 'utf8'))
const management = clientOf(job.secretKey)

function clientOf(secret) {
  const credentials = new BasicCredentials().withAk(job.accessKey).withSk(secret).withProjectId(job.projectId)
  return new ClientBuilder((client) => client).withCredential(credentials).withEndpoint(job.endpoint).build()
}

/** @param path below the instances, where the first is `~` */
function call(method, path, { data, queryParams = {}, client = management } = {}) {
  return client.sendRequest({
    method,
    url: `/v2/{project_id}/apigw/instances${path.replace('~', job.instanceId)}`,
    contentType: 'application/json',
    queryParams,
    pathParams: {},
    headers: {},
    ...(data && { data }),
  })
}

const isFault = (status, code) => (error) => {
  assert.ok(error instanceof ServiceResponseException, String(error))
  assert.deepEqual([Number(error.httpStatusCode), error.errorCode], [status, code])
  assert.ok(error.errorMsg)
  assert.match(error.requestId, /^[0-9a-f]{32}$/)
  return true
}

await assert.rejects(call('GET', '', { client: clientOf('wrong') }), isFault(401, 'APIC.7102'))
await assert.rejects(call('GET', '/~/apis/nobody'), isFault(404, 'APIG.3002'))
await assert.rejects(call('POST', '/~/api-groups', { data: { name: '?' } }), isFault(400, 'APIG.2011'))

// A name that has to be escaped, in the query that is signed and in the body.
const named = await call('POST', '/~/api-groups', { data: { name: '订单分组' } })
const { groups } = await call('GET', '/~/api-groups', { queryParams: { name: '订单分组', limit: 5 } })
assert.deepEqual(
  groups.map(({ id }) => id),
  [named.id],
)

const { instances } = await call('GET', '')
assert.deepEqual(
  instances.map(({ id }) => id),
  [job.instanceId],
)
const group = await call('POST', '/~/api-groups', { data: { name: 'orders' } })
const api = await call('POST', '/~/apis', { data: definition(group.id) })
const publication = await publish('online')
await assert.rejects(call('DELETE', `/~/apis/${api.id}`), isFault(409, 'APIG.3416'))
const app = await call('POST', '/~/apps', { data: { name: 'shop' } })
const { auths } = await call('POST', '/~/app-auths', {
  data: { env_id: RELEASE, app_ids: [app.id], api_ids: [api.id] },
})
assert.deepEqual(
  auths.map(({ auth_result }) => auth_result.status),
  ['SUCCESS'],
)
const throttle = await call('POST', '/~/throttles', {
  data: { name: 'few', api_call_limits: LIMIT, time_interval: 1, time_unit: 'HOUR' },
})
await call('POST', '/~/throttle-bindings', {
  data: { strategy_id: throttle.id, publish_ids: [publication.publish_id] },
})

const unsigned = await eventually(401, () => send())
assert.equal(unsigned.body.error_code, 'APIG.0303')
assert.equal(unsigned.body.request_id, unsigned.headers['x-request-id'])
const wrong = await send(app.app_key, 'not-the-secret')
assert.deepEqual([wrong.status, wrong.body.error_code], [401, 'APIG.0303'])
for (let count = 0; count < LIMIT; count++) {
  const { status, body } = await send(app.app_key, app.app_secret)
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.path, '/backend/42')
  assert.deepEqual(body.query, { verbose: ['yes, please'], source: ['sluice'] })
  assert.deepEqual([body.headers['x-trace'], body.headers['x-app']], ['abc', app.id])
  assert.equal(body.headers.authorization, undefined)
}
const refused = await send(app.app_key, app.app_secret)
assert.deepEqual([refused.status, refused.body.error_code], [429, 'APIG.0308'])
await publish('offline')
const gone = await eventually(404, () => send(app.app_key, app.app_secret))
assert.equal(gone.body.error_code, 'APIG.0101')

function publish(action) {
  return call('POST', '/~/apis/action', { data: { action, env_id: RELEASE, api_id: api.id } })
}

/** The caller's path, query and header parameters reach the backend in other places, under other names. */
function definition(group_id) {
  const from = (name, location, required) => ({ name, type: 'STRING', location, required })
  const to = (name, location, origin, value) => ({ name, location, origin, value })
  return {
    ...{ group_id, name: 'get_order', type: 1, req_protocol: 'BOTH', req_method: 'GET', req_uri: '/orders/{id}' },
    ...{ auth_type: 'APP', backend_type: 'HTTP' },
    req_params: [from('id', 'PATH', 1), from('details', 'QUERY', 2), from('trace', 'HEADER', 2)],
    backend_params: [
      to('key', 'PATH', 'REQUEST', 'id'),
      to('verbose', 'QUERY', 'REQUEST', 'details'),
      to('X-Trace', 'HEADER', 'REQUEST', 'trace'),
      to('source', 'QUERY', 'CONSTANT', 'sluice'),
      to('X-App', 'HEADER', 'SYSTEM', '$context.appId'),
    ],
    backend_api: {
      ...{ url_domain: job.backend, req_protocol: 'HTTP', req_method: 'GET', req_uri: '/backend/{key}', timeout: 5000 },
    },
  }
}

/** A call of the published API, signed by the SDK's own signer where there is a key. */
async function send(key, secret) {
  const [host, port] = job.gateway.split(':')
  const headers = { host: group.sl_domain, trace: 'abc', 'content-type': 'text/plain' }
  const queryParams = { details: 'yes, please' }
  const signed =
    key === undefined
      ? headers
      : AKSKSigner.sign(
          { method: 'GET', endpoint: `http://${group.sl_domain}/orders/42`, queryParams, headers },
          new BasicCredentials().withAk(key).withSk(secret),
        )
  const path = '/orders/42?details=yes%2C%20please'
  const outgoing = request({ host, port, path, headers: signed, agent: false }).end()
  const reply = await new Promise((resolve, reject) => outgoing.on('response', resolve).on('error', reject))
  return { status: reply.statusCode, headers: reply.headers, body: await json(reply) }
}

/** A change reaches every worker within 100 ms of the reply to the client that made it. */
async function eventually(status, attempt) {
  const deadline = performance.now() + 100
  let reply = await attempt()
  while (reply.status !== status && performance.now() < deadline) reply = await attempt()
  assert.equal(reply.status, status)
  return reply
}
