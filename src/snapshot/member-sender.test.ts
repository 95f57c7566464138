import Fastify from 'fastify'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { MemberState } from '../telemetry/member-states.js'
import { parseMemberReport, type MemberReport } from './member-report.js'
import { MemberSender } from './member-sender.js'
import { Publisher } from './publisher.js'
import { gatewayRoutes } from './stream-server.js'

const TOKEN = 'a token of sixteen or more'

async function control() {
  const reports: MemberReport[] = []
  const server = Fastify()
  const publisher = new Publisher({ revision: 0, parts: [] })
  const receiveMembers = (report: MemberReport) => void reports.push(report)
  gatewayRoutes(server, { publisher, token: TOKEN, receive: () => undefined, receiveMembers })
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  return { url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, reports }
}

function sender(controlUrl: string | undefined, token = TOKEN) {
  const known: { states: readonly MemberState[] } = { states: [] }
  // Tests say when something is sent.
  const options = { controlUrl, token, collect: () => known.states, interval: 3_600_000 }
  const sent = new MemberSender(options)
  onTestFinished(() => sent.close())
  return { known, sent }
}

const sick = [{ channelId: 'c1', memberId: 'm1', address: '192.0.2.1:80', healthy: false }]

test('what changes is told once, and taken back at the end', async () => {
  const { url, reports } = await control()
  const { known, sent } = sender(url)
  await sent.flush()
  expect(reports).toEqual([])
  known.states = sick
  await sent.flush()
  await sent.flush()
  expect(reports.map(({ states }) => states)).toEqual([sick])
  await sent.close()
  expect(reports.map(({ states }) => states)).toEqual([sick, []])
  expect(new Set(reports.map((report) => report.sender)).size).toBe(1)
})

test('control that was away, or is another one, is told all', async () => {
  const { known, sent } = sender(undefined)
  known.states = sick
  await sent.flush()
  const first = await control()
  sent.controlIsAt('http://127.0.0.1:1')
  await sent.flush()
  sent.controlIsAt(first.url)
  await sent.flush()
  const second = await control()
  sent.controlIsAt(second.url)
  await sent.flush()
  for (const { reports } of [first, second]) expect(reports.map(({ states }) => states)).toEqual([sick])
})

test('a report needs the token, and must be one', async () => {
  const { url, reports } = await control()
  const { known, sent } = sender(url, 'another token of its own')
  known.states = sick
  await sent.flush()
  expect(reports).toEqual([])
  for (const text of ['', '{', '[]', '{"sender":"s"}', '{"sender":"s","states":[{"memberId":"m1","healthy":true}]}'])
    expect([text, parseMemberReport(Buffer.from(text))]).toEqual([text, undefined])
})
