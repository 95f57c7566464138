/** Callers of IAM APIs are known to gateways by way of control, as all processes run: authentication.md §4. */
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { startSluice, until, type Reply, type Running } from '../../test/sluice.js'
import { signRequest } from '../signing/sign.js'

function created({ status, body }: Reply): Readonly<Record<string, string>> {
  expect({ status, body }).toMatchObject({ status: 201 })
  return body as Readonly<Record<string, string>>
}

function call(running: Running, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(running.http)
    const sent = request({ hostname, port, path: '/iam', headers, agent: false })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.end()
  })
}

test('a key of the first user is good for an IAM API; without control a new token is not judged', async () => {
  await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
  const group = created(await running.call('POST', 'api-groups', { name: 'group' }))
  const definition = mockApi(group['id'] ?? '', { req_uri: '/iam', auth_type: 'IAM' })
  const api = created(await running.call('POST', 'apis', definition))
  const publication = { action: 'online', env_id: 'DEFAULT_ENVIRONMENT_RELEASE_ID', api_id: api['id'] }
  created(await running.call('POST', 'apis/action', publication))
  const Host = `${group['id']}.apic.localhost`
  await until(async () => ((await call(running, { Host })) === 401 ? true : undefined), running.command)

  const file = await readFile(join(running.dataDir, 'credentials.json'), 'utf8')
  const { access_key: accessKey = '', secret_key: secretKey = '' } = JSON.parse(file) as Record<string, string>
  const signed = (key: string) =>
    signRequest({ method: 'GET', path: '/iam', headers: { Host } }, { accessKey, secretKey: key })
  expect(await call(running, { Host, ...signed(secretKey) })).toBe(200)
  expect(await call(running, { Host, ...signed('wrong') })).toBe(401)
  expect(await call(running, { Host, 'X-Auth-Token': 'none' })).toBe(401)

  const control = running.processes().get('control') ?? 0
  process.kill(control, 'SIGSTOP')
  expect(await call(running, { Host, 'X-Auth-Token': 'another' })).toBe(503)
  process.kill(control, 'SIGCONT')
}, 90_000)
