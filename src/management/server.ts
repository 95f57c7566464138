/** The control process: opens the database, makes what a first start needs, publishes the configuration, listens. */
import type { FastifyBaseLogger } from 'fastify'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import type { ListenAddress } from '../config/listen-address.js'
import { reachableAddress } from '../config/reachable-address.js'
import type { Settings } from '../config/settings.js'
import { openVault } from '../config/vault.js'
import { createAuthenticator } from '../iam/authenticate.js'
import { createIdentify } from '../iam/identify.js'
import type { RegistryAccess } from '../registries/follow.js'
import { Publisher } from '../snapshot/publisher.js'
import { gatewayRoutes } from '../snapshot/stream-server.js'
import { deleteExpired } from '../store/iam.js'
import { openStore, type Store } from '../store/store.js'
import { managementApp } from './app.js'
import { TaskRunner } from './async-tasks/runner.js'
import { taskWork } from './async-tasks/work.js'
import { closeWithin } from './close-within.js'
import { firstStart, type Credentials } from './first-start.js'
import { purgeEndedDeletions } from './instances/deletion.js'
import { RegistryFollowers } from './microservices/registry-followers.js'
import { SnapshotFeed } from './snapshot-feed.js'
import { StatisticsSink } from './statistics/sink.js'
import { Gateways } from './prometheus/gateways.js'
import { metricsRegistry } from './prometheus/registry.js'
import { metricsRoute } from './prometheus/routes.js'
import { Traffic } from './prometheus/traffic.js'
import { MemberHealth } from './vpc-channels/member-health.js'

export interface Control {
  /** With the port that was taken. */
  readonly address: ListenAddress
  /** Set when this start was the first on this database. */
  readonly created: Credentials | undefined
  /** Stops accepting, finishes what is in flight, writes what is kept in memory, closes the database. */
  close(): Promise<void>
}

/** Milliseconds between two rounds of throwing away what has expired. */
const HOUSEKEEPING_INTERVAL = 60_000

/** Milliseconds. What comes after closing the server, counts that are to be written, has to fit into the supervisor's patience. */
const CLOSING_PATIENCE = 5_000

/** Milliseconds that a created, resized or deleted instance shows progress; the work itself is done at once. */
const INSTANCE_JOB_DURATION = 500

/** @throws when the database cannot be opened or is newer than this program, or the address is taken. */
export async function startControl(
  settings: Settings,
  logger: FastifyBaseLogger,
  clusterToken: string,
  registryAccess: RegistryAccess,
): Promise<Control> {
  const clock = Date.now
  const vault = openVault(settings.dataDir)
  const store = await openStore(settings.databaseUrl)
  const publisher = new Publisher({ revision: -1, parts: [] })
  const statistics = new StatisticsSink({
    store,
    clock,
    onError: (error) => logger.error({ err: error }, 'statistics could not be written; they are kept and tried again'),
  })
  const operationSettings = {
    region: settings.region,
    subdomainSuffix: settings.subdomainSuffix,
    ingressAddress: reachableAddress(settings.httpListen.host),
    featureInterval: 0,
    instanceJobDuration: INSTANCE_JOB_DURATION,
  }
  const tasks = new TaskRunner({
    store,
    vault,
    clock,
    settings: operationSettings,
    work: taskWork,
    onError: (error) => logger.error({ err: error }, 'a task failed'),
  })
  const memberHealth = new MemberHealth()
  const traffic = new Traffic(settings.metricsApis)
  const gateways = new Gateways()
  const registries = new RegistryFollowers({ store, vault, clock, log: logger, access: registryAccess })
  const app = await managementApp({
    store,
    vault,
    clock,
    logger,
    authenticate: createAuthenticator({ store, vault, clock }),
    settings: operationSettings,
    services: {
      tasks,
      memberHealth,
      registries,
      gateway: {
        host: localAddress(settings.httpListen.host),
        httpPort: settings.httpListen.port,
        httpsPort: settings.httpsListen.port,
        lend: (part) => publisher.lend(part),
      },
    },
    isReady: async () => publisher.revision >= 0 && (await databaseAnswers(store, logger)),
  })
  const registry = metricsRegistry({
    ...{ traffic, gateways, clock, node: hostname() },
    checkedAddresses: () => memberHealth.addresses(clock()),
    revision: () => publisher.revision,
  })
  metricsRoute(app, { registry, token: settings.metricsToken })
  gatewayRoutes(app, {
    publisher,
    token: clusterToken,
    receive: async (report) => {
      if (await statistics.receive(report)) traffic.add(report.deltas, clock())
    },
    receiveGateway: (report) => gateways.take(report, clock()),
    identify: createIdentify({ store, vault, clock }),
    receiveMembers: (report) => memberHealth.take(report, clock()),
  })

  const stop: (() => Promise<void>)[] = [
    () => store.close(),
    () => statistics.close(),
    () => tasks.close(),
    () => closeWithin(CLOSING_PATIENCE, app),
  ]
  const close = async () => {
    for (let step = stop.pop(); step !== undefined; step = stop.pop()) await step()
  }
  try {
    await app.listen({ host: settings.managementListen.host, port: settings.managementListen.port })
    const { port } = app.server.address() as AddressInfo
    const address = { host: settings.managementListen.host, port }
    const created = await firstStart(store, vault, settings, urlOf(address), clock())
    const feed = await SnapshotFeed.start({
      store,
      vault,
      subdomainSuffix: settings.subdomainSuffix,
      sink: publisher,
      log: logger,
    })
    stop.push(() => feed.stop())
    stop.push(() => registries.close())
    await registries.start()
    await tasks.start()
    const housekeeping = setInterval(() => void tidy(store, tasks, clock(), logger), HOUSEKEEPING_INTERVAL)
    stop.push(async () => clearInterval(housekeeping))
    void tidy(store, tasks, clock(), logger)
    return { address, created, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function databaseAnswers(store: Store, logger: FastifyBaseLogger): Promise<boolean> {
  try {
    await store.read((db) => db.selectFrom('snapshot_revision').select('value').executeTakeFirst())
    return true
  } catch (error) {
    logger.error({ err: error }, 'the database does not answer')
    return false
  }
}

/** What has expired is refused anyway: this only keeps the database from growing. */
async function tidy(store: Store, tasks: TaskRunner, now: number, logger: FastifyBaseLogger): Promise<void> {
  try {
    await store.write(['iam'], ({ db }) => deleteExpired(db, now))
    await store.write([], (tx) => purgeEndedDeletions(tx, now))
    await tasks.tidy()
  } catch (error) {
    logger.error({ err: error }, 'what has expired could not be removed; it is tried again')
  }
}

/** How a client on this machine reaches an address; a wildcard is no address to call. */
function localAddress(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
}

function urlOf({ host, port }: ListenAddress): string {
  const reachable = localAddress(host)
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
