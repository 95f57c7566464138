/** Management and a gateway in one process, joined as they are in production, and a backend that records. */
import { request } from 'undici'
import { startGateway } from '../src/gateway/worker.js'
import { SnapshotFeed } from '../src/management/snapshot-feed.js'
import { signRequest, type SigningKey } from '../src/signing/sign.js'
import type { TestEngine } from './engines.js'
import { management, type TestManagement } from './management.js'
import { recordingBackend, type RecordingBackend } from './recording-backend.js'

interface Reply {
  readonly status: number
  readonly body: unknown
}

export interface Whole extends AsyncDisposable {
  readonly sluice: TestManagement
  readonly backend: RecordingBackend
  /** A call of the gateway once it knows all that management has committed. */
  get(host: string, target: string, key?: SigningKey): Promise<Reply>
}

export async function whole(engine: TestEngine): Promise<Whole> {
  const sluice = await management(engine)
  const backend = await recordingBackend()
  const faults: unknown[] = []
  const gateway = await startGateway({
    http: [{ host: '127.0.0.1', port: 0 }],
    accessLog: 'off',
    region: 'local-1',
    onFault: (fault) => faults.push(fault),
  })
  let known = -1
  const feed = await SnapshotFeed.start({
    store: sluice.store,
    vault: sluice.vault,
    subdomainSuffix: 'apic.localhost',
    sink: {
      publish(update) {
        gateway.apply(update)
        known = update.revision
      },
    },
    log: { error: (_, message) => faults.push(message) },
  })

  async function caughtUp(): Promise<void> {
    const { value } = await sluice.store.read((db) =>
      db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow(),
    )
    while (known < value) await new Promise((resolve) => setTimeout(resolve, 1))
  }

  return {
    sluice,
    backend,
    async get(host, target, key) {
      await caughtUp()
      const [path = '', query = ''] = target.split('?')
      const signature = key && signRequest({ method: 'GET', path, query, headers: { Host: host } }, key)
      const port = gateway.addresses[0]?.port ?? 0
      const reply = await request(`http://127.0.0.1:${port}${target}`, { headers: { host, ...signature } })
      const text = await reply.body.text()
      return { status: reply.statusCode, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text }
    },
    async [Symbol.asyncDispose]() {
      await feed.stop()
      await gateway[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
      await sluice[Symbol.asyncDispose]()
      if (faults.length > 0) throw new AggregateError(faults, 'faults of the gateway or of its feed')
    },
  }
}
