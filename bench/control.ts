/** A control process as the supervisor starts it, with something that takes what it streams in the place of a gateway. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forkControl } from '../src/cli/fork-control.js'
import type { FromChild, Start, ToChild } from '../src/cli/process-messages.js'
import { loadSettings } from '../src/config/settings.js'
import { SNAPSHOT_PATH } from '../src/snapshot/paths.js'
import { managementOf, type Management } from './management.js'

const CLUSTER_TOKEN = 'bench'

export interface Control extends AsyncDisposable {
  readonly call: Management
  readonly instanceId: string
  /** Megabytes: resident now, and the most that ever was. */
  memory(): { readonly resident: number; readonly most: number }
  /** Milliseconds of CPU that the process has spent; the kernel counts in hundredths of a second. */
  cpu(): number
}

/** Resolves when it serves. */
export async function startControl(directory: string, databaseUrl: string): Promise<Control> {
  const settings = loadSettings({
    flags: {},
    environment: {
      SLUICE_DATA_DIR: directory,
      SLUICE_DATABASE_URL: databaseUrl,
      SLUICE_MANAGEMENT_LISTEN: '127.0.0.1:0',
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_LOG_FORMAT: 'json',
    },
    directory,
    terminal: false,
  })
  const process = forkControl(join(import.meta.dirname, '../dist/cli/control-process.js'), [])
  const hear = async (kind: FromChild['kind']) => {
    for (;;) {
      const [message] = (await once(process, 'message')) as [FromChild]
      if (message.kind === 'failed') throw new Error(message.message)
      if (message.kind === kind) return message
    }
  }
  await hear('hello')
  const start: Start = { kind: 'start', settings, clusterToken: CLUSTER_TOKEN }
  process.send(start)
  const ready = await hear('ready')
  if (ready.kind !== 'ready') throw new Error('control is not ready')
  const credentials = JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8')) as Record<string, string>
  const endpoint = `http://127.0.0.1:${ready.address.port}`
  const { pid = 0 } = process
  const gateway = new AbortController()
  await follow(endpoint, gateway.signal)
  return {
    call: managementOf({ ...credentials, endpoint }),
    instanceId: credentials['instance_id'] ?? '',
    memory: () => ({ resident: status(pid, 'VmRSS') / 1024, most: status(pid, 'VmHWM') / 1024 }),
    cpu() {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    async [Symbol.asyncDispose]() {
      gateway.abort()
      const ended = once(process, 'exit')
      const drain: ToChild = { kind: 'drain' }
      process.send(drain)
      await ended
    },
  }
}

/** Takes the stream of the configuration as a gateway does, and throws it away. Resolves when it begins. */
async function follow(endpoint: string, signal: AbortSignal): Promise<void> {
  const headers = { authorization: `Bearer ${CLUSTER_TOKEN}` }
  const { body } = await fetch(new URL(SNAPSHOT_PATH, endpoint), { headers, signal })
  if (body === null) throw new Error('control streams no configuration')
  const reading = async () => {
    for await (const _ of body);
  }
  reading().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/** A line of /proc/PID/status, in kilobytes. */
function status(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1])
}
