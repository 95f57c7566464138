import { mkdtemp, rm, writeFile, chmod, mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'libsql'
import { expect, test } from 'vitest'
import { sluice } from '../../test/sluice.js'
import { banner } from './banner.js'
import {
  checkClock,
  checkDatabase,
  checkDataDirectory,
  checkNode,
  checkPort,
  checkServerClock,
  type Finding,
} from './doctor-checks.js'

async function directory() {
  const path = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function run(args: readonly string[], environment: Record<string, string> = {}) {
  await using here = await directory()
  const command = sluice(args, environment, here.path)
  return { code: await command.ended, output: command.output(), errors: command.errors() }
}

test.each([
  [['--help']],
  [['start', '--help']],
  [['call', '--help']],
  [['sign', '--help']],
  [['doctor', '--help']],
  [['version', '--help']],
])('%j explains itself', async (args) => {
  const { code, output } = await run(args)
  expect(code).toBe(0)
  expect(output).toContain('Usage: sluice')
})

test('version is for people and for scripts', async () => {
  const [people, scripts] = await Promise.all([run(['version']), run(['version', '--json'])])
  expect(people.output).toMatch(/^sluice \d+\.\d+\.\d+ \(Node\.js \d+\.\d+\.\d+, \w+-\w+\)\n$/)
  expect(JSON.parse(scripts.output)).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  })
})

test.each([
  [['strat'], 'Did you mean start?'],
  [['version', '--jsn'], 'Did you mean --json?'],
  [['call', 'GET'], "missing required argument 'path'"],
])('wrong usage %j ends with 2, and says what was meant', async (args, hint) => {
  const { code, errors } = await run(args)
  expect(code).toBe(2)
  expect(errors).toContain(hint)
  expect(errors).toContain('--help tells how it is used.')
})

test('secrets are no flags', async () => {
  expect(await run(['start', '--secret-key', 'abcdefgh'])).toMatchObject({ code: 2 })
})

test('start --print-config shows what holds, without secrets', async () => {
  const { code, output } = await run(['start', '--print-config', '--region', 'there'], {
    SLUICE_SECRET_KEY: 'TOP-SECRET',
    SLUICE_REGION: 'here',
  })
  expect(code).toBe(0)
  expect(output).toContain('region: there\n')
  expect(output).toContain('secret_key: "***"\n')
  expect(output).not.toContain('TOP-SECRET')
})

test('doctor tells what it found and what to do, and ends with 1 if anything is in the way', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`
  const any = '127.0.0.1:0'
  const free = { SLUICE_MANAGEMENT_LISTEN: any, SLUICE_HTTP_LISTEN: any, SLUICE_HTTPS_LISTEN: any }
  const [well, ill] = await Promise.all([
    run(['doctor', '--json'], free),
    run(['doctor'], { ...free, SLUICE_HTTP_LISTEN: address }),
  ])
  taken.close()
  expect(well.code).toBe(0)
  const report = JSON.parse(well.output) as { ok: boolean; findings: Finding[] }
  expect(report.ok).toBe(true)
  expect(report.findings.map(({ check }) => check)).toEqual([
    'Node.js',
    'data directory',
    'free space',
    'management address',
    'http address',
    'https address',
    'database',
    'clock',
  ])
  expect(ill.code).toBe(1)
  expect(ill.output).toContain(`failed   http address        http_listen: ${address} is in use by another program\n`)
  expect(ill.output).toContain('→ end that program, or set --http-listen\n')
})

test('doctor on settings that are wrong', async () => {
  expect(await run(['doctor', '--workers', '0'])).toMatchObject({
    code: 2,
    errors: 'error: --workers: must be a whole number from 1 to 256, not "0"\n',
  })
})

test.each([
  ['20.18.3', 'failed'],
  ['18.20.0', 'failed'],
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
])('Node.js %s: %s', (version, status) => {
  expect(checkNode(version).status).toBe(status)
})

test('a data directory that others may read is a warning, a file in its place a failure', async () => {
  await using here = await directory()
  const path = join(here.path, 'data')
  expect(checkDataDirectory(path)).toMatchObject({ status: 'ok', detail: `${path} will be made at the first start` })
  await mkdir(path)
  await chmod(path, 0o755)
  expect(checkDataDirectory(path)).toMatchObject({ status: 'warning', next: `chmod 700 ${path}` })
  await chmod(path, 0o700)
  expect(checkDataDirectory(path)).toMatchObject({ status: 'ok' })
  await writeFile(join(path, 'file'), '')
  expect(checkDataDirectory(join(path, 'file'))).toMatchObject({ status: 'failed' })
})

test('an address that this machine does not have', async () => {
  // Reserved for documentation (RFC 5737): no machine has it.
  const finding = await checkPort('http_listen', { host: '192.0.2.1', port: 0 }, false)
  expect(finding).toMatchObject({ status: 'failed', next: 'set --http-listen' })
  expect(finding.detail).toContain('is no address of this machine')
})

test('databases: none yet, of this version, of a newer one, and what is none', async () => {
  await using here = await directory()
  const path = join(here.path, 'a.db')
  expect(await checkDatabase(`sqlite:${path}`)).toMatchObject({
    status: 'ok',
    detail: expect.stringContaining('new') as string,
  })
  const db = new Sqlite(path)
  db.exec("create table kysely_migration (name text); insert into kysely_migration values ('0001-initial')")
  expect(await checkDatabase(`sqlite:${path}`)).toMatchObject({ status: 'warning' })
  db.exec("insert into kysely_migration values ('9999-from-the-future')")
  db.close()
  expect(await checkDatabase(`sqlite:${path}`)).toMatchObject({
    status: 'failed',
    detail: 'SQLite, made by a newer Sluice (9999-from-the-future)',
  })
  await writeFile(path, 'x'.repeat(10_000))
  expect(await checkDatabase(`sqlite:${path}`)).toMatchObject({ status: 'failed' })
  expect(await checkDatabase('postgres://u:p@127.0.0.1:1/d')).toMatchObject({
    status: 'failed',
    detail: expect.stringContaining('ECONNREFUSED') as string,
  })
})

test.each([
  [0, 'ok'],
  [-20_000, 'warning'],
  [20_000, 'warning'],
  [600_000, 'failed'],
])('a server whose clock is %i ms ahead', async (ahead, status) => {
  const server = createServer((_request, response) => {
    response.setHeader('date', new Date(Date.now() + ahead).toUTCString())
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  expect(await checkServerClock(url)).toMatchObject({ status })
  server.close()
})

test('a server that is not there, and the clock of the disk', async () => {
  await using here = await directory()
  expect(await checkServerClock('http://127.0.0.1:1/')).toMatchObject({ status: 'failed' })
  expect(checkClock(here.path)).toMatchObject({ status: 'ok' })
})

test('the banner says where everything is, and a command that can be pasted', () => {
  const settings = {
    dataDir: '/srv/app/.sluice',
    managementListen: { host: '127.0.0.1', port: 0 },
    httpListen: { host: '127.0.0.1', port: 0 },
    httpsListen: { host: '127.0.0.1', port: 0 },
    databaseUrl: 'sqlite:/srv/app/.sluice/sluice.db',
    workers: 1,
    subdomainSuffix: 'apic.localhost',
    region: 'local-1',
    logLevel: 'info',
    logFormat: 'pretty',
    accessLog: 'off',
    accessLogFormat: 'text',
    debugDomainLimit: 1000,
    inboundAddresses: [],
    proxyProtocol: false,
    functionsDir: '/srv/app/.sluice/functions',
    functionsProcesses: 8,
    metricsApis: 1_000,
  } as const
  const ready = {
    management: { host: '0.0.0.0', port: 9000 },
    http: { host: '::', port: 8000 },
    https: { host: '::', port: 8443 },
    created: { user_name: 'admin', password: 'pw', access_key: 'AK', secret_key: 'SK' },
  }
  const shown = {
    settings,
    ready,
    version: '1.2.3',
    colours: false,
    program: '/srv/app/dist/cli/main.js',
    directory: '/srv/app',
  }
  expect(banner(shown)).toBe(`
Sluice 1.2.3 is ready.

  Management   http://127.0.0.1:9000
  Gateway      http://[::1]:8000 and https://[::1]:8443
  Data         /srv/app/.sluice
  Credentials  /srv/app/.sluice/credentials.json
  User         admin
  Password     pw
  Access key   AK
  Secret key   SK

Try:
  node dist/cli/main.js call GET '/v2/{project_id}/apigw/instances'

`)
  const elsewhere = banner({ ...shown, program: '/usr/bin/sluice', directory: '/home/me' })
  expect(elsewhere).toContain(
    "  sluice call GET '/v2/{project_id}/apigw/instances' --credentials ../../srv/app/.sluice/credentials.json\n",
  )
  expect(banner({ ...shown, colours: true })).toContain('\u001b[1mSluice 1.2.3 is ready.\u001b[22m')
})
