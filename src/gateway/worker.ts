/**
 * The gateway of one process: configuration, pipeline and listeners, put together. Whoever runs processes (a worker's
 * entry, a test) starts one, applies updates to it and drains it.
 */
import { hostname, networkInterfaces } from 'node:os'
import type { Limiter } from '../limits/limiter.js'
import { LocalLimiter } from '../limits/local.js'
import type { IdentitySource } from '../snapshot/identities.js'
import type { Update } from '../snapshot/parts.js'
import type { CircuitFigures, GatewayFigures, LossFigures } from '../telemetry/gateway-figures.js'
import { KafkaSinks } from '../telemetry/kafka/sinks.js'
import { RequestLogs, type RequestLogOptions } from '../telemetry/request-logs.js'
import type { MemberState } from '../telemetry/member-states.js'
import { processFigures } from '../telemetry/process-figures.js'
import { Statistics, type StatisticsDelta } from '../telemetry/statistics.js'
import { PluginServices } from './auth/plugin-services.js'
import { Channels } from './backends/channels.js'
import { DEFAULT_FORBIDDEN, forbiddenAddresses } from './backends/forbidden-addresses.js'
import { HealthChecks } from './backends/health.js'
import { isForbiddenHost } from './backends/guarded-lookup.js'
import { Origins } from './backends/origins.js'
import type { ServerIdentity } from './backends/system-parameters.js'
import { Circuits } from './circuits.js'
import { Configuration } from './configuration.js'
import { FolderFunctions } from '../functions/folder-functions.js'
import { firstKnowing, type Functions } from '../functions/functions.js'
import { endpointFunctions, type EndpointOptions } from './functions/endpoint-functions.js'
import type { EngineOptions } from './http1/context.js'
import { Engine } from './listeners/engine.js'
import { IngressPorts } from './listeners/ingress-ports.js'
import type { Outbound } from './outbound/outbound.js'
import { Pipeline } from './pipeline.js'
import { DEBUG_DOMAIN_LIMIT } from './policies/debug-domain.js'
import { Mirrors } from './policies/proxy-mirror.js'
import { ReplyCache } from './policies/proxy-cache.js'
import { InboundAddresses } from './routing/host.js'
import type { TlsOptions } from './tls/secure-acceptor.js'
import { Updates } from './updates.js'

/** policies.md §8.2 */
export const CACHE_BYTES = 128 * 1024 * 1024

interface ListenAddress {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
}

export interface GatewayOptions extends RequestLogOptions {
  /** Plain HTTP listeners. In a cluster worker, workers that listen on the same address share it. */
  readonly http: readonly ListenAddress[]
  /** HTTPS listeners (HTTP/1.1 and HTTP/2), shared in the same way. Default: none. */
  readonly https?: readonly ListenAddress[]
  readonly tls?: Omit<TlsOptions, 'profileOf'>
  /** Configuration that is applied before the first listener opens, so that no caller meets a gateway without one. */
  readonly initial?: Update
  /** Where calls are counted. Default: a counter of this process alone. */
  readonly limiter?: Limiter
  /** Who knows callers of IAM. Default: nobody, and their APIs answer 503 APIG.0613. */
  readonly identities?: IdentitySource
  /** Calls a day that one group's debugging domains admit; `off` admits all. Default 1,000 (policies.md §1.6). */
  readonly debugDomainLimit?: number | 'off'
  /** Addresses that count as the gateway's own besides those of the machine's interfaces (routing.md §3.3). */
  readonly inboundAddresses?: readonly string[]
  /** Addresses and CIDR blocks that no backend may be in. Default: backends.md §2. */
  readonly forbiddenBackends?: readonly string[]
  /** Times and sizes of the engine; the defaults are its own. */
  readonly engine?: Partial<Omit<EngineOptions, 'forbiddenBackends'>>
  /** Where functions are. Default: nowhere, and whoever calls one answers 500 APIG.0103. */
  readonly functions?: FunctionsOptions
  /** Bytes of replies that plug-ins keep. Default 128 MiB (policies.md §8.2). */
  readonly cacheBytes?: number
  /** Milliseconds of a clock that never goes back, for how long circuits stay open. Default: the machine's. */
  readonly now?: () => number
  /** What should not have happened: a bug in a step, a log that cannot be written. Never a caller's doing. */
  readonly onFault: (fault: unknown) => void
  /** Records or copies that a plug-in could not deliver, in words for an operator. Told once a minute at most. */
  readonly onLoss?: (warning: string) => void
  /** A port that an instance asks for and does not get, in words for an operator. Told once while it is so. */
  readonly onConflict?: (conflict: string) => void
}

export interface FunctionsOptions {
  /** A folder of them (docs/functions.md). */
  readonly directory?: string
  /** Processes of this gateway that run them at once. */
  readonly processes?: number
  /** MiB of heap for a function that says nothing else. */
  readonly memory?: number
  /** Milliseconds for which the folder is believed to be as it was. */
  readonly checkEvery?: number
  /** Asked for what the folder does not have. */
  readonly endpoint?: EndpointOptions
  /** What a function prints, and what is wrong with it. */
  readonly onLine?: (name: string, line: string) => void
}

export interface Gateway extends AsyncDisposable {
  /** In the order of `GatewayOptions.http`, with the ports that were taken. */
  readonly addresses: readonly ListenAddress[]
  /** In the order of `GatewayOptions.https`. */
  readonly secureAddresses: readonly ListenAddress[]
  /** Resolves when every port that instances ask for is open, as far as it can be had. */
  readonly portsSettled: Promise<void>
  /** Revision of the last update that was applied; −1 before the first. */
  readonly revision: number
  /** Applies an update as a whole: the next request sees it, or, where it is a large reset, those after the promise. */
  apply(update: Update): void | Promise<void>
  /** What was counted since the last call, to be shipped to control. */
  drainStatistics(): StatisticsDelta[]
  /** What it tells of itself, for metrics. */
  figures(): GatewayFigures
  /** What is known of the members of channels that are checked. */
  memberStates(): MemberState[]
  /** Opens the files of access logs anew, by their names. */
  reopenLogs(): Promise<void>
  /** Stops accepting, finishes what is in flight within `graceMs` (default 30,000), flushes the access log. */
  drain(graceMs?: number): Promise<void>
}

/** @throws when a port cannot be taken, the access log cannot be opened, or an address in the options is none. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { region, onFault } = options
  const limiter = options.limiter ?? new LocalLimiter()
  const forbidden = options.forbiddenBackends ?? DEFAULT_FORBIDDEN
  const statistics = new Statistics()
  const origins = new Origins()
  const addresses = forbiddenAddresses(forbidden)
  const onLoss = options.onLoss ?? onFault
  const kafka = new KafkaSinks((host) => isForbiddenHost(host, addresses), onLoss)
  const mirrors = new Mirrors(addresses, onLoss)
  const circuits = new Circuits(options.now)
  const checks = new HealthChecks(forbiddenAddresses(forbidden))
  const services = new PluginServices(forbiddenAddresses(forbidden), limiter)
  const functions = functionsOf(options.functions, services.outbound)
  const logs = new RequestLogs(options, onFault)
  const configuration = new Configuration({
    limiter,
    origins,
    channels: new Channels(origins, checks),
    forbidden: forbiddenAddresses(forbidden),
    server: thisServer(),
    statistics,
    circuits,
    replies: new ReplyCache(options.cacheBytes ?? CACHE_BYTES),
    kafka,
    mirrors,
    region,
    services,
    functions,
    answers: new WeakMap(),
    identities: options.identities,
    logStreams: logs.streams,
    debugDomainLimit: options.debugDomainLimit ?? DEBUG_DOMAIN_LIMIT,
    inbound: new InboundAddresses(options.inboundAddresses),
  })
  const engine = new Engine(
    new Pipeline(configuration, limiter, logs),
    { ...options.engine, forbiddenBackends: forbidden },
    onFault,
    options.https && { ...options.tls, profileOf: (name, port) => configuration.tlsProfile(name, port) },
  )
  const ingress = new IngressPorts(engine, {
    http: options.http[0]?.host,
    https: options.https?.[0]?.host,
    onConflict: options.onConflict ?? onFault,
  })
  // Lines that a process has in memory when something ends it.
  const atExit = (): void => logs.flushSync()
  process.once('exit', atExit)

  const figures = (): GatewayFigures => {
    const sinks = kafka.figures()
    const losses: LossFigures[] = sinks.map(({ pluginId, dropped }) => ({
      what: 'kafka_log',
      pluginId,
      count: dropped,
    }))
    losses.push({ what: 'proxy_mirror', pluginId: '', count: mirrors.dropped })
    const { lost } = logs
    if (lost !== undefined) losses.push({ what: 'access_log', pluginId: '', count: lost })
    return {
      process: processFigures(),
      revision: configuration.revision,
      connections: engine.connections,
      inFlight: engine.inFlight,
      losses,
      kafka: sinks.map(({ pluginId, bytes }) => ({ pluginId, bytes })),
      circuits: circuitFigures(circuits),
    }
  }

  let drained: Promise<void> | undefined
  const drain = (graceMs = GRACE): Promise<void> => {
    checks.close()
    const until = performance.now() + graceMs
    return (drained ??= Promise.all([engine.drain(graceMs), ingress.close()]).then(async () => {
      await functions.close(until - performance.now())
      services.outbound.close()
      mirrors.close()
      await Promise.all([logs.close(), kafka.close(graceMs)])
      process.off('exit', atExit)
    }))
  }

  try {
    if (options.initial !== undefined) configuration.apply(options.initial)
    const addresses: ListenAddress[] = []
    const secureAddresses: ListenAddress[] = []
    for (const address of options.http) addresses.push(await engine.listen(address.host, address.port))
    for (const address of options.https ?? []) {
      secureAddresses.push(await engine.listenSecure(address.host, address.port))
    }
    for (const { port } of [...addresses, ...secureAddresses]) configuration.reservePort(port)
    configuration.httpsPort = secureAddresses[0]?.port ?? configuration.httpsPort
    ingress.follow(configuration.ports)
    const updates = new Updates(configuration, () => ingress.follow(configuration.ports))
    return {
      addresses,
      secureAddresses,
      get portsSettled() {
        return ingress.settled
      },
      get revision() {
        return configuration.revision
      },
      apply: (update) => updates.apply(update),
      drainStatistics: () => statistics.drain(),
      figures,
      reopenLogs: () => logs.reopen(),
      memberStates: () => checks.states(),
      drain,
      [Symbol.asyncDispose]: () => drain(0),
    }
  } catch (error) {
    await drain(0)
    throw error
  }
}

/** An API that is published in several environments has a circuit in each, and one figure. */
function circuitFigures(circuits: Circuits): CircuitFigures[] {
  const figures = new Map<string, CircuitFigures>()
  for (const { pluginId, subject, isOpen } of circuits.states()) {
    const [apiId = ''] = subject.split('/')
    const key = `${pluginId}/${apiId}`
    figures.set(key, { pluginId, apiId, isOpen: isOpen || figures.get(key)?.isOpen === true })
  }
  return [...figures.values()]
}

/** @throws {RangeError} where the endpoint is none */
function functionsOf(options: FunctionsOptions | undefined, outbound: Outbound): Functions {
  if (options === undefined) return firstKnowing([])
  const { directory, endpoint, onLine = noLine, ...limits } = options
  return firstKnowing([
    ...(directory === undefined ? [] : [new FolderFunctions({ directory, onLine, ...limits })]),
    ...(endpoint === undefined ? [] : [endpointFunctions(endpoint, outbound)]),
  ])
}

const noLine = (): void => undefined

/** Milliseconds that exchanges have to end when the gateway drains. */
const GRACE = 30_000

function thisServer(): ServerIdentity {
  const external = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal)
  return { address: external?.address ?? '127.0.0.1', name: hostname() }
}
