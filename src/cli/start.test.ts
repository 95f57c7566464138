import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { mockApi } from '../../test/definitions.js'
import { openVault } from '../config/vault.js'
import { DiskCopy } from '../snapshot/disk-copy.js'
import { sluice, startSluice, until, type Reply, type Running } from '../../test/sluice.js'

const RELEASE = 'DEFAULT_ENVIRONMENT_RELEASE_ID'

// Each of these starts a whole Sluice, from source, and some start it twice.
const PATIENCE = 90_000

/** Publishes an API that answers by itself; returns the host under which the gateway serves it. */
async function publish(running: Running, path: string): Promise<{ host: string; publishId: string }> {
  const group = created(await running.call('POST', 'api-groups', { name: `group_${path.slice(1)}` }))
  const api = created(await running.call('POST', 'apis', mockApi(group.id, { req_uri: path })))
  const action = { action: 'online', env_id: RELEASE, api_id: api.id }
  const published = created(await running.call('POST', 'apis/action', action))
  return { host: `${group.id}.apic.localhost`, publishId: published.publish_id }
}

function created({ status, body }: Reply): { readonly id: string; readonly publish_id: string } {
  expect({ status, body }).toMatchObject({ status: 201 })
  return body as ReturnType<typeof created>
}

const served = (running: Running, host: string, path: string) =>
  until(async () => {
    const reply = await running.get(host, path)
    return reply.status === 200 ? true : undefined
  })

/** Kinds of the parts that gateways have kept on disk. */
async function keptBy({ dataDir }: Running): Promise<string[]> {
  const log = { info: () => undefined, warn: () => undefined }
  const kept = await new DiskCopy({ dataDir, vault: openVault(dataDir), log }).load()
  return (kept?.put ?? []).map(({ kind }) => kind)
}

/**
 * Sends requests, each on a connection of its own, until it is told to stop; tells what came. About 50 a second: an API
 * without a policy admits 200 (policies.md §1.5).
 */
function load(running: Running, host: string, path: string) {
  const outcomes: (number | string)[] = []
  let going = true
  const one = async () => {
    while (going) {
      outcomes.push(await running.get(host, path).then(({ status }) => status, String))
      await setTimeout(40)
    }
  }
  const all = Promise.all([one(), one()])
  return {
    outcomes,
    stop: async () => {
      going = false
      await all
      return outcomes
    },
  }
}

test(
  'a first start writes credentials that work, a change is served at once, and a second start changes nothing',
  async () => {
    const first = await startSluice()
    const credentials = await readFile(join(first.dataDir, 'credentials.json'), 'utf8')
    expect((await stat(join(first.dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600)
    const { host } = await publish(first, '/hello')
    await served(first, host, '/hello')
    first.command.kill('SIGTERM')
    expect(await first.command.ended).toBe(0)
    expect(first.command.lines().at(-1)).toMatchObject({ msg: 'stopped' })

    await using second = await startSluice({}, first.directory)
    expect(await readFile(join(first.dataDir, 'credentials.json'), 'utf8')).toBe(credentials)
    expect(await second.get(host, '/hello')).toEqual({ status: 200, body: 'mocked' })
    await rm(first.directory, { recursive: true, force: true })
  },
  PATIENCE,
)

test(
  'control is killed: gateways go on serving, it comes back at its address, and what it acknowledged is there',
  async () => {
    await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
    const { host } = await publish(running, '/steady')
    await served(running, host, '/steady')
    const traffic = load(running, host, '/steady')
    const acknowledged: string[] = []
    const writes = (async () => {
      for (let number = 0; ; number++) {
        const reply = await running.call('POST', 'api-groups', { name: `written_${number}` }).catch(() => undefined)
        if (reply?.status !== 201) return
        acknowledged.push(`written_${number}`)
      }
    })()
    await until(() => (acknowledged.length >= 5 ? true : undefined))
    const control = running.processes().get('control') ?? 0
    process.kill(control, 'SIGKILL')
    await writes
    await until(async () => {
      const reply = await fetch(`${running.management}/readyz`).catch(() => undefined)
      return reply?.status === 200 ? true : undefined
    }, running.command)
    expect(running.processes().get('control')).not.toBe(control)
    const { body } = await running.call('GET', 'api-groups?limit=500')
    const names = (body as { groups: { name: string }[] }).groups.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(acknowledged))

    // Gateways follow the new one.
    const { host: other } = await publish(running, '/after')
    await served(running, other, '/after')
    const outcomes = await traffic.stop()
    expect(new Set(outcomes)).toEqual(new Set([200]))
  },
  PATIENCE,
)

test(
  'a gateway is killed: the other one serves, and it is replaced, from disk, though control does not answer',
  async () => {
    await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
    const { host } = await publish(running, '/kept')
    await served(running, host, '/kept')
    // A gateway that starts from less than this publication knows no API.
    await until(async () => ((await keptBy(running)).includes('publication') ? true : undefined), running.command)
    const before = running.processes()
    const control = before.get('control') ?? 0
    process.kill(control, 'SIGSTOP')
    try {
      const traffic = load(running, host, '/kept')
      process.kill(before.get('gateway 1') ?? 0, 'SIGKILL')
      await until(() => (running.processes().get('gateway 1') === before.get('gateway 1') ? undefined : true))
      // Without the other one, it must be the new one that answers.
      process.kill(before.get('gateway 2') ?? 0, 'SIGKILL')
      await until(() => (running.processes().get('gateway 2') === before.get('gateway 2') ? undefined : true))
      const count = traffic.outcomes.length
      await until(() =>
        traffic.outcomes.slice(count).filter((outcome) => outcome === 200).length > 20 ? true : undefined,
      )
      const outcomes = await traffic.stop()
      expect(outcomes).not.toContain(404)
    } finally {
      process.kill(control, 'SIGCONT')
    }
  },
  PATIENCE,
)

test(
  'a limit holds exactly across gateways, and also when one of them is killed',
  async () => {
    await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug', SLUICE_WORKERS: '3' })
    const { host, publishId } = await publish(running, '/limited')
    await served(running, host, '/limited')
    const throttle = created(
      await running.call('POST', 'throttles', {
        name: 'daily',
        api_call_limits: 300,
        time_interval: 1,
        time_unit: 'DAY',
        type: 1,
      }),
    )
    created(await running.call('POST', 'throttle-bindings', { strategy_id: throttle.id, publish_ids: [publishId] }))
    await until(async () => {
      const { status } = await running.get(host, '/limited')
      const { body } = await running.call('GET', `throttle-bindings/binded-apis?throttle_id=${throttle.id}`)
      return status === 200 && (body as { total: number }).total === 1 ? true : undefined
    })
    const outcomes: number[] = []
    for (let round = 0; round < 26; round++)
      outcomes.push(
        ...(await Promise.all(Array.from({ length: 50 }, async () => (await running.get(host, '/limited')).status))),
      )
    const admitted = outcomes.filter((status) => status === 200).length
    expect(outcomes.filter((status) => status === 429)).toHaveLength(1_300 - admitted)
    // What `until` asked after the binding has been counted, and before it has not.
    expect(admitted).toBeLessThanOrEqual(300)
    expect(admitted).toBeGreaterThanOrEqual(295)

    const gateway = running.processes().get('gateway 1') ?? 0
    process.kill(gateway, 'SIGKILL')
    await until(() => (running.processes().get('gateway 1') === gateway ? undefined : true))
    const after = await Promise.all(
      Array.from({ length: 100 }, () =>
        running.get(host, '/limited').then(
          ({ status }) => status,
          () => 0,
        ),
      ),
    )
    expect(after).not.toContain(200)
  },
  PATIENCE,
)

test(
  'when the supervisor is killed, nobody is left behind',
  async () => {
    const running = await startSluice({ SLUICE_LOG_LEVEL: 'debug' })
    running.command.kill('SIGKILL')
    await running.command.ended
    for (const pid of running.processes().values()) await until(() => (isAlive(pid) ? undefined : true))
    await expect(running.get('x', '/')).rejects.toThrow()
    await rm(running.directory, { recursive: true, force: true })
  },
  PATIENCE,
)

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

test(
  'SIGHUP reads the settings again: the log level holds at once, and a wrong file changes nothing',
  async () => {
    await using running = await startSluice()
    const file = join(running.directory, 'sluice.yaml')
    const said = (msg: string) => until(() => running.command.lines().find((line) => line.msg === msg), running.command)
    await writeFile(file, 'log_level: quiet\n')
    running.command.kill('SIGHUP')
    await said('the settings are wrong: those that were valid go on to hold')
    await writeFile(file, 'log_level: debug\nregion: elsewhere\n')
    running.command.kill('SIGHUP')
    expect(await said('settings reloaded')).toMatchObject({ logLevel: 'debug' })
    expect(await said('these settings changed, and need a restart')).toMatchObject({ settings: ['region'] })
  },
  PATIENCE,
)

test(
  'SIGUSR1 opens the access log anew, and never a debugger, whichever process it goes to',
  async () => {
    await using running = await startSluice({ SLUICE_LOG_LEVEL: 'debug', SLUICE_WORKERS: '1' })
    const log = join(running.dataDir, 'access.log')
    const isThere = () =>
      stat(log).then(
        () => true,
        () => false,
      )
    for (const pid of [running.command.pid, running.processes().get('gateway 1') ?? 0]) {
      await expect.poll(isThere, { timeout: 10_000 }).toBe(true)
      await rename(log, `${log}.moved`)
      process.kill(pid, 'SIGUSR1')
      await expect.poll(isThere, { timeout: 10_000 }).toBe(true)
    }
    process.kill(running.processes().get('control') ?? 0, 'SIGUSR1')
    expect((await fetch(new URL('/healthz', running.management))).status).toBe(200)
    expect(running.command.errors()).toBe('')
  },
  PATIENCE,
)

test(
  'what keeps it from starting is said in one line',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-refused-'))
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`
    const free = '127.0.0.1:0'
    const listen = { SLUICE_MANAGEMENT_LISTEN: free, SLUICE_HTTP_LISTEN: free, SLUICE_HTTPS_LISTEN: free }
    const ports = { ...listen, SLUICE_WORKERS: '1' }
    const refused = async (args: readonly string[], environment: Record<string, string>) => {
      const command = sluice(['start', '--log-format', 'json', ...args], { ...ports, ...environment }, directory)
      return { code: await command.ended, errors: command.errors() }
    }
    await writeFile(join(directory, 'file'), '')
    expect(await refused([], { SLUICE_MANAGEMENT_LISTEN: address })).toEqual({
      code: 1,
      errors: `error: management_listen: ${address} is in use by another program\n`,
    })
    expect(await refused([], { SLUICE_HTTP_LISTEN: address })).toEqual({
      code: 1,
      errors: `error: http_listen: ${address} is in use by another program\n`,
    })
    expect(await refused([], { SLUICE_HTTPS_LISTEN: address })).toEqual({
      code: 1,
      errors: `error: https_listen: ${address} is in use by another program\n`,
    })
    expect(await refused(['--data-dir', 'file'], {})).toEqual({
      code: 1,
      errors: `error: data directory ${directory}/file: is not a directory\n`,
    })
    expect(await refused(['--workers', 'none'], {})).toEqual({
      code: 2,
      errors: 'error: --workers: must be a whole number from 1 to 256, not "none"\n',
    })
    expect(await refused(['--wrokers', '1'], {})).toMatchObject({
      code: 2,
      errors: expect.stringContaining('Did you mean --workers?') as string,
    })
    taken.close()
    await rm(directory, { recursive: true, force: true })
  },
  PATIENCE,
)

test(
  'a second Sluice on the same directory is refused, and the first one goes on',
  async () => {
    await using running = await startSluice()
    const second = sluice(['start'], { SLUICE_DATA_DIR: running.dataDir }, running.directory)
    expect(await second.ended).toBe(1)
    expect(second.errors()).toBe(
      `error: data directory ${running.dataDir}: in use by another Sluice (process ${running.command.pid})\n`,
    )
    expect((await fetch(`${running.management}/readyz`)).status).toBe(200)
  },
  PATIENCE,
)
