/** TLS through all of Sluice: from an upload to the management API to the handshake with a gateway process. */
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { certificate, upload } from '../../test/certificates.js'
import { mockApi } from '../../test/definitions.js'
import { secureCall } from '../../test/secure-call.js'
import { startSluice, until, type Reply } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'
const PATIENCE = 120_000

const created = ({ status, body }: Reply): Record<string, string> => {
  if (status >= 300) throw new Error(JSON.stringify(body))
  return body as Record<string, string>
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

test(
  'a certificate is served by every gateway process, replaced without a restart, and sessions are shared',
  async () => {
    await using running = await startSluice()
    const port = Number(new URL(running.https).port)
    const group = created(await running.call('POST', 'api-groups', { name: 'group_secure' }))
    const api = created(await running.call('POST', 'apis', mockApi(group['id'] ?? '', { req_uri: '/secure' })))
    created(await running.call('POST', 'apis/action', { action: 'online', env_id: RELEASE, api_id: api['id'] }))
    const domains = `api-groups/${group['id'] ?? ''}/domains`
    const domain = created(await running.call('POST', domains, { url_domain: 'secure.example.com' }))
    const host = 'secure.example.com'
    const call = (tls = {}) => secureCall(port, '/secure', { host, tls })
    const bind = async (name: string) => {
      const one = certificate({ san: [host], subject: [['CN', name]] })
      created(await running.call('POST', `${domains}/${domain['id'] ?? ''}/certificate`, upload(name, one)))
      // Whichever process answers: each accepts some of the connections.
      await until(async () => {
        const shown = await Promise.all(Array.from({ length: 8 }, () => call()))
        return shown.every(({ subject, status }) => subject === name && status === 200) ? true : undefined
      }, running.command)
    }
    await bind('first')
    await bind('second')
    const { session } = await call()
    const resumed = await Promise.all(Array.from({ length: 8 }, () => call(session === undefined ? {} : { session })))
    expect(resumed.map((reply) => reply.resumed)).toEqual(Array(8).fill(true))

    const custom = await freePort()
    created(await running.call('POST', 'custom-ingress-ports', { protocol: 'HTTPS', ingress_port: custom }))
    const there = () => secureCall(custom, '/apic/health_check', { host }).catch(() => undefined)
    await until(async () => ((await there())?.status === 200 ? true : undefined), running.command)
  },
  PATIENCE,
)
