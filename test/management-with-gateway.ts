/** Management and a gateway that it configures, in this process: what is published can be called. */
import { request } from 'undici'
import { startGateway, type GatewayOptions } from '../src/gateway/worker.js'
import { SnapshotFeed } from '../src/management/snapshot-feed.js'
import { Publisher } from '../src/snapshot/publisher.js'
import { signRequest, type SigningKey } from '../src/signing/sign.js'
import type { TestEngine } from './engines.js'
import { management, type TestManagement } from './management.js'
import { recordingBackend, type RecordingBackend } from './recording-backend.js'

export interface ManagedGateway extends AsyncDisposable {
  readonly sluice: TestManagement
  readonly backend: RecordingBackend
  readonly address: { readonly host: string; readonly port: number }
  readonly publisher: Publisher
  /** Resolves when the gateway knows all that was committed. */
  settled(): Promise<void>
  /** A call of the gateway once it has settled, signed with the key of an app if there is one. */
  get(host: string, target: string, key?: SigningKey): Promise<{ readonly status: number; readonly body: unknown }>
}

export async function managementWithGateway(
  engine: TestEngine,
  options: Partial<GatewayOptions> = {},
): Promise<ManagedGateway> {
  const backend = await recordingBackend()
  const faults: unknown[] = []
  const gateway = await startGateway({
    http: [{ host: '127.0.0.1', port: 0 }],
    accessLog: 'off',
    region: 'local-1',
    onFault: (fault) => faults.push(fault),
    ...options,
  })
  const [address = { host: '127.0.0.1', port: 0 }] = gateway.addresses
  const publisher = new Publisher({ revision: -1, parts: [] })
  publisher.subscribe((update) => {
    Promise.resolve(gateway.apply(update)).catch((fault: unknown) => faults.push(fault))
  })
  const sluice = await management(engine, {
    gateway: {
      host: address.host,
      httpPort: address.port,
      httpsPort: 1,
      lend: (part) => publisher.lend(part),
    },
  })
  let known = -1
  let carried: () => void = () => undefined
  const feed = await SnapshotFeed.start({
    store: sluice.store,
    vault: sluice.vault,
    subdomainSuffix: 'apic.localhost',
    sink: {
      publish(update) {
        publisher.publish(update)
        known = update.revision
        carried()
      },
    },
    log: { error: (details) => faults.push(details) },
  })
  async function settled(): Promise<void> {
    const { value } = await sluice.store.read((db) =>
      db.selectFrom('snapshot_revision').select('value').executeTakeFirstOrThrow(),
    )
    while (known < value) await new Promise<void>((resolve) => (carried = resolve))
  }
  return {
    sluice,
    backend,
    address,
    publisher,
    settled,
    async get(host, target, key) {
      await settled()
      const [path = '', query = ''] = target.split('?')
      const signature = key && signRequest({ method: 'GET', path, query, headers: { Host: host } }, key)
      const url = `http://${address.host}:${address.port}${target}`
      const reply = await request(url, { headers: { host, ...signature } })
      const text = await reply.body.text()
      return { status: reply.statusCode, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text }
    },
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]()
      await feed.stop()
      await gateway[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
      if (faults.length > 0) throw new AggregateError(faults, 'what should not have happened')
    },
  }
}
