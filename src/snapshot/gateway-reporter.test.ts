import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import type { GatewayFigures } from '../telemetry/gateway-figures.js'
import { processFigures } from '../telemetry/process-figures.js'
import { parseGatewayReport, type GatewayReport } from './gateway-report.js'
import { GatewayReporter } from './gateway-reporter.js'
import { Publisher } from './publisher.js'
import { gatewayRoutes } from './stream-server.js'

const TOKEN = 'a token of sixteen or more'

const figures = (connections: number): GatewayFigures => ({
  process: processFigures(),
  revision: -1,
  connections,
  inFlight: 0,
  losses: [{ what: 'access_log', pluginId: '', count: 1 }],
  kafka: [{ pluginId: 'k1', bytes: 5 }],
  circuits: [{ pluginId: 'p1', apiId: 'a1', isOpen: true }],
})

async function control() {
  const reports: GatewayReport[] = []
  const server = Fastify()
  gatewayRoutes(server, {
    publisher: new Publisher({ revision: 0, parts: [] }),
    token: TOKEN,
    receive: () => undefined,
    receiveMembers: () => undefined,
    receiveGateway: (report) => void reports.push(report),
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  return { url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, reports }
}

test('a process tells of itself by itself, again and again, and once more at its end', async () => {
  const { url, reports } = await control()
  let connections = 0
  const options = { controlUrl: url, token: TOKEN, worker: 2, collect: () => figures(++connections) }
  const reporter = new GatewayReporter({ ...options, interval: 20 })
  await expect.poll(() => reports.length).toBeGreaterThan(2)
  await reporter.close()
  const last = reports.at(-1)
  expect(last).toMatchObject({ node: hostname(), worker: 2, figures: { connections } })
  expect(last?.figures.losses).toEqual(figures(0).losses)
})

test('without control, or anything to tell, nothing is told; control that comes is told at once', async () => {
  const { url, reports } = await control()
  const known: { figures?: GatewayFigures } = {}
  const options = { token: TOKEN, worker: 1, collect: () => known.figures, interval: 3_600_000 }
  const reporter = new GatewayReporter({ ...options, controlUrl: undefined })
  onTestFinished(() => reporter.close())
  await reporter.flush()
  reporter.controlIsAt('http://127.0.0.1:1')
  await reporter.flush()
  reporter.controlIsAt(url)
  await reporter.flush()
  expect(reports).toEqual([])
  known.figures = figures(1)
  reporter.controlIsAt(url)
  await expect.poll(() => reports.length).toBe(1)
})

test('a report needs the token', async () => {
  const { url, reports } = await control()
  const options = { controlUrl: url, token: 'another token of its own', worker: 1, collect: () => figures(1) }
  const reporter = new GatewayReporter({ ...options, interval: 3_600_000 })
  await reporter.close()
  expect(reports).toEqual([])
})

const whole = { node: 'n1', worker: 1, figures: figures(1) }

test('a report is taken as it was sent', () => {
  expect(parseGatewayReport(Buffer.from(JSON.stringify(whole)))).toEqual(whole)
})

test.each([
  ['nothing', ''],
  ['no JSON', '{'],
  ['another shape', '[]'],
  ['no worker', JSON.stringify({ ...whole, worker: 0 })],
  ['another member', JSON.stringify({ ...whole, more: 1 })],
  ['a count below 0', JSON.stringify({ ...whole, figures: { ...figures(-1) } })],
  [
    'an unknown loss',
    JSON.stringify({ ...whole, figures: { ...figures(1), losses: [{ what: 'x', pluginId: '', count: 1 }] } }),
  ],
  [
    'a long id',
    JSON.stringify({ ...whole, figures: { ...figures(1), kafka: [{ pluginId: 'x'.repeat(65), bytes: 1 }] } }),
  ],
])('refused: %s', (_name, text) => {
  expect(parseGatewayReport(Buffer.from(text))).toBeUndefined()
})
