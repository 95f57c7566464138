/** Ports of instances beside the gateway's own (routing.md §1, §8 check 18). */
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { gateway, type TestGateway } from '../../../test/gateway.js'
import { change, groupDomain, groupPart, instancePart, mockBackend } from '../../../test/parts.js'
import { certificatePart, secureCall, secureOptions } from '../../../test/secure-call.js'
import type { InstancePart } from '../../snapshot/parts.js'
import { customPorts } from '../routing/ingress-ports.js'

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const secure = (port: number) => secureCall(port, '/orders', { host: 'a.com' })
const plain = (port: number) => fetch(`http://127.0.0.1:${port}/apic/health_check`).then(({ status }) => status)

async function settled(gw: TestGateway, ...ports: InstancePart['ingressPorts']): Promise<void> {
  await gw.apply(change([instancePart({ ingressPorts: ports })]))
  await gw.gateway.portsSettled
}

test('routing.md 18: a domain on a custom HTTPS port is there, and not on the gateway’s own', async () => {
  const port = await freePort()
  const parts = [
    instancePart({ ingressPorts: [{ port, protocol: 'HTTPS' }] }),
    groupPart({ domains: [groupDomain({ name: 'a.com', httpsPort: port, certificateIds: ['c1'] })] }),
    certificatePart('c1', certificate({ san: ['a.com'] })),
  ]
  await using gw = await gateway({ api: { backend: mockBackend() }, parts, options: secureOptions() })
  await gw.gateway.portsSettled
  const there = await secure(port)
  expect([there.status, there.subject]).toEqual([200, 'a.com'])
  // The handshake succeeds, so that the answer can be read.
  const elsewhere = await secure(gw.gateway.secureAddresses[0]?.port ?? 0)
  expect([elsewhere.status, elsewhere.code, elsewhere.subject]).toEqual([404, 'APIG.0101', 'a.com'])
})

test('ports open, change their protocol and close while the gateway runs', async () => {
  await using gw = await gateway({ api: { backend: mockBackend() }, options: secureOptions() })
  const port = await freePort()
  await settled(gw, { port, protocol: 'HTTP' })
  expect(await plain(port)).toBe(200)
  await settled(gw, { port, protocol: 'HTTPS' })
  await expect(plain(port)).rejects.toThrow()
  expect((await secureCall(port, '/orders')).status).toBe(200)
  await settled(gw)
  await expect(secureCall(port, '/orders')).rejects.toThrow(/ECONNREFUSED/)
})

test('a request on a connection of a port that closes is still answered', async () => {
  await using gw = await gateway({ api: {}, options: secureOptions() })
  const port = await freePort()
  await settled(gw, { port, protocol: 'HTTPS' })
  const arrived = new Promise<() => void>((came) => {
    gw.backend.answer = (response) => came(() => response.end('done'))
  })
  const reply = secureCall(port, '/orders')
  const release = await arrived
  await settled(gw)
  release()
  expect((await reply).body).toBe('done')
})

test('a port that cannot be had is reported once, and keeps nothing else from being opened', async () => {
  const conflicts: string[] = []
  const options = secureOptions({ onConflict: (conflict) => conflicts.push(conflict) })
  await using gw = await gateway({ api: { backend: mockBackend() }, options })
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const used = (taken.address() as AddressInfo).port
  const free = await freePort()
  const own = gw.gateway.addresses[0]?.port ?? 0
  for (let times = 0; times < 2; times++) {
    await settled(
      gw,
      { port: used, protocol: 'HTTP' },
      { port: own, protocol: 'HTTP' },
      { port: free, protocol: 'HTTP' },
    )
  }
  expect(conflicts).toEqual([
    `HTTP port ${own} of instance i1 is one of the gateway's own`,
    expect.stringMatching(new RegExp(`^HTTP port ${used} is not open: .*EADDRINUSE`)),
  ])
  expect(await plain(free)).toBe(200)
  // The gateway's own port still leads where it led.
  expect((await gw.get('/orders')).status).toBe(200)
  await new Promise((resolve) => taken.close(resolve))
})

test('of two instances the older one has a port as it wants it', () => {
  const older = instancePart({ id: 'i1', ingressPorts: [{ port: 9000, protocol: 'HTTP' }] })
  const younger = instancePart({
    id: 'i2',
    ingressPorts: [
      { port: 9000, protocol: 'HTTPS' },
      { port: 9001, protocol: 'HTTPS' },
    ],
  })
  const { open, conflicts } = customPorts([older, younger], new Set())
  expect([...open]).toEqual([
    [9000, 'HTTP'],
    [9001, 'HTTPS'],
  ])
  expect(conflicts).toEqual(['HTTPS port 9000 of instance i2 is open for HTTP on behalf of another instance'])
})
