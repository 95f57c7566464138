/** Memory of proxies: for connections on which nothing happens, and while large bodies pass. Resident set, Linux. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { OTHER_CORE, beside, family } from './load.js'
import { type Backends, type Running, publishApi, sluice } from './subjects.js'

/** As many as a process may have files open here, and some for itself. */
const IDLE = 9_000
const GIGABYTE = 1024 ** 3

/** Kilobytes of all processes of a subject, or of the one that has a word in its command line. */
export function memoryOf(root: number, field: 'VmRSS' | 'VmHWM' = 'VmRSS', word = ''): number {
  return family(root)
    .filter(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(word))
    .reduce((sum, { pid }) => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return sum + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
    }, 0)
}

export interface IdleMemory {
  readonly name: string
  /** `undefined` for one that did not keep them. */
  readonly kilobytesEach: number | undefined
}

/** What kept connections cost. The kernel's own memory of sockets is nobody's here. */
export async function idleMemory(subjects: readonly Running[]): Promise<IdleMemory[]> {
  const figures: IdleMemory[] = []
  for (const { name, pid, port } of subjects) {
    const before = memoryOf(pid)
    const kilobytesEach = await withIdle(port, async () => {
      await delay(500)
      return (memoryOf(pid) - before) / IDLE
    })
    figures.push({ name, kilobytesEach })
    console.error(`idle connections: ${name} ${kilobytesEach?.toFixed(1) ?? 'closes them'}`)
  }
  return figures
}

async function withIdle(port: number, work: () => Promise<number>): Promise<number | undefined> {
  const script = join(import.meta.dirname, 'idle-load.ts')
  const args = ['-c', String(OTHER_CORE), process.execPath, '--import', 'tsx', script, String(port), String(IDLE)]
  const child: ChildProcess = spawn('taskset', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('a child without pipes')
  const lines = createInterface({ input: stdout })
  const said = async (): Promise<string> =>
    String(((await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown])[0])
  try {
    if ((await said()) !== 'open') return undefined
    const figure = await work()
    stdin.end()
    return (await said()) === '0' ? figure : undefined
  } finally {
    child.kill()
  }
}

export interface TransferMemory {
  /** Megabytes, at most: of the process that serves. */
  readonly down: number
  readonly up: number
}

/** A gigabyte to the client, and then one from it, through a Sluice of its own. */
export async function transferMemory({ http, webSocket }: Backends): Promise<TransferMemory> {
  await using subject = await sluice(http.port, async (call) => {
    await call('POST', 'features', { name: 'request_body_size', enable: true, config: String(2 * GIGABYTE) })
    await publishApi(call, http.port, 'huge', {})
    await publishApi(call, webSocket, 'upload', { req_method: 'POST' })
  })
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  const file = join(directory, 'gigabyte')
  writeFileSync(file, '')
  truncateSync(file, GIGABYTE)
  const most = (): number => memoryOf(subject.pid, 'VmHWM', 'gateway-process') / 1024
  const curl = async (path: string, more: readonly string[]): Promise<void> => {
    const format = '%{http_code} %{size_download} %{size_upload}'
    const args = ['-s', '-o', '/dev/null', '-w', format, ...more, `http://127.0.0.1:${subject.port}${path}`]
    const said = await beside('curl', args)
    if (!said.startsWith('200') || !said.includes(String(GIGABYTE))) throw new Error(`${path}: ${said}`)
  }
  try {
    await curl('/huge/1', [])
    const down = most()
    await curl('/upload/1', ['-X', 'POST', '-H', 'Expect:', '-T', file])
    return { down, up: most() }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export function memoryTables(idle: readonly IdleMemory[], { down, up }: TransferMemory): string {
  const judge = (figure: number, atMost: number): string => (figure < atMost ? 'met' : '**missed**')
  const own = idle.find(({ name }) => name === 'sluice')?.kilobytesEach ?? NaN
  return [
    `### Memory of ${IDLE} idle connections\n\n| subject | KB each |\n| --- | --- |`,
    ...idle.map(({ name, kilobytesEach }) => `| ${name} | ${kilobytesEach?.toFixed(1) ?? 'closed by it'} |`),
    '',
    '### Memory, targets\n\n| Sluice | below | | |\n| --- | --- | --- | --- |',
    `| an idle connection | 10 KB | ${own.toFixed(1)} KB | ${judge(own, 10)} |`,
    `| 1 GB to the client, most memory of the gateway process | 150 MB | ${down.toFixed(0)} MB | ${judge(down, 150)} |`,
    `| 1 GB more from the client | 150 MB | ${up.toFixed(0)} MB | ${judge(up, 150)} |`,
  ].join('\n')
}
