/** Shares of 10,000 real calls through a channel, by each algorithm: within 2 % of what the weights say. */
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { ChannelPart } from '../../src/snapshot/parts.js'
import { gateway } from '../gateway.js'
import { channelPart, instancePart } from '../parts.js'

const CALLS = 10_000
const CONCURRENT = 32
const WEIGHTS = [5, 3, 1, 1]

/** A backend that answers every read with a reply, and counts: the caller of a kept connection asks once at a time. */
async function counting(): Promise<{ readonly port: number; readonly calls: () => number }> {
  let calls = 0
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      calls++
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, calls: () => calls }
}

async function shares(balancing: ChannelPart['balancing'], differentCallers: boolean): Promise<number[]> {
  const members = await Promise.all(WEIGHTS.map(counting))
  const features = { ratelimit: { enable: true, config: '{"api_limits":1000000}' } }
  await using gw = await gateway({
    api: {
      req_uri: '/{x}',
      backend: {
        type: 'HTTP',
        vpc_channel_id: 'c1',
        req_protocol: 'HTTP',
        req_method: 'GET',
        req_uri: '/{x}',
        timeout: 5000,
        retry_count: 0,
        params: [],
      },
    },
    parts: [
      instancePart({ features }),
      channelPart({ balancing, members: members.map(({ port }, i) => ({ port, weight: WEIGHTS[i] ?? 0 })) }),
    ],
    options: { accessLog: 'off', debugDomainLimit: 'off' },
  })
  const port = gw.gateway.addresses[0]?.port ?? 0
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT })
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < CALLS) {
      const number = next++
      const from = `127.1.${number >> 8}.${number & 255 || 1}`
      await call(port, `/item-${number}`, differentCallers ? { agent: false, localAddress: from } : { agent })
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, caller))
  agent.destroy()
  const counts = members.map(({ calls }) => calls())
  expect(counts.reduce((sum, count) => sum + count)).toBe(CALLS)
  return counts.map((count) => count / CALLS)
}

function call(port: number, path: string, options: { agent: Agent | false; localAddress?: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', path, headers: { host: 'g1.apic.test' }, ...options })
    sent.on('error', reject)
    sent.on('response', (response) => {
      response.resume()
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))))
    })
    sent.end()
  })
}

test.each([
  ['weighted round robin', 'WRR', [0.5, 0.3, 0.1, 0.1], false],
  ['weighted least connections', 'WLC', [0.5, 0.3, 0.1, 0.1], false],
  ['hash of the source address', 'SH', [0.5, 0.3, 0.1, 0.1], true],
  ['hash of the path, all weights alike', 'URI', [0.25, 0.25, 0.25, 0.25], false],
] as const)(
  '%s',
  async (_, balancing, expected, differentCallers) => {
    const measured = await shares(balancing, differentCallers)
    for (const [i, share] of measured.entries())
      expect(Math.abs(share - (expected[i] ?? 0)), `${measured.join(' ')} of ${expected.join(' ')}`).toBeLessThan(0.02)
  },
  120_000,
)
