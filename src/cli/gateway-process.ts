/**
 * Entry of a gateway process: serves what is published. It starts from the configuration on disk, so that it needs nobody
 * else to serve, and follows control from there.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from '../config/settings.js'
import { openVault } from '../config/vault.js'
import { loadDefaultCertificates } from '../gateway/tls/default-certificate.js'
import { CACHE_BYTES, startGateway, type Gateway, type GatewayOptions } from '../gateway/worker.js'
import type { ToNode } from '../limits/lease-messages.js'
import { LeasedLimiter } from '../limits/leased.js'
import { DiskCopy } from '../snapshot/disk-copy.js'
import type { Update } from '../snapshot/parts.js'
import { GatewayReporter } from '../snapshot/gateway-reporter.js'
import { IdentityClient } from '../snapshot/identities.js'
import { MemberSender } from '../snapshot/member-sender.js'
import { StatisticsSender } from '../snapshot/statistics-sender.js'
import { StreamClient } from '../snapshot/stream-client.js'
import { runChild, tellSupervisor, type RunningChild } from './child-link.js'
import { exitOnDefect } from './exit-on-defect.js'
import { createLogger } from './logger.js'
import { Outbox } from './outbox.js'
import type { Start } from './process-messages.js'

/** Milliseconds between looks at whether the node still answers. */
const LIMIT_TICK = 250
/** Milliseconds that exchanges have to end. */
const GRACE = 30_000
/** Bytes after which the access log is rotated. */
const ROTATE_AT = 100 * 1024 * 1024

runChild(settingOf, async (start) => {
  const logger = await createLogger(start.settings, 'gateway')
  exitOnDefect(logger)
  return serve(start, logger)
})

function settingOf(error: unknown, { httpListen, httpsListen }: Settings): string {
  const port: unknown = error instanceof Error ? Reflect.get(error, 'port') : undefined
  return port === httpsListen.port && port !== httpListen.port ? 'https_listen' : 'http_listen'
}

async function serve(start: Start, logger: Logger): Promise<RunningChild> {
  const { settings, clusterToken, controlUrl } = start
  const outbox = new Outbox<ToNode>((messages) => tellSupervisor({ kind: 'limits', messages }))
  const limiter = leasedLimiter(outbox, logger)
  const disk = new DiskCopy({ dataDir: settings.dataDir, vault: openVault(settings.dataDir), log: logger })
  const kept = await disk.load()

  let gateway: Gateway | undefined
  const early: Update[] = kept === undefined ? [] : [kept]
  let firstCame: () => void = () => undefined
  const first = new Promise<void>((resolve) => (firstCame = resolve))
  const link = { controlUrl, token: clusterToken, log: logger }
  const identities = new IdentityClient(link)
  const stream = new StreamClient({
    ...link,
    position: disk.position,
    onUpdate: async ({ epoch, update }) => {
      if (gateway === undefined) early.push(update)
      else await gateway.apply(update)
      disk.note(epoch, update)
      firstCame()
    },
  })

  const open = async (): Promise<void> => {
    // Without any configuration a gateway would tell callers that their APIs don't exist.
    if (kept === undefined) await first
    const [initial, ...later] = early.splice(0)
    const opened = await startGateway({
      ...gatewayOptions(start, logger),
      limiter,
      identities,
      ...(initial === undefined ? {} : { initial }),
    })
    early.unshift(...later)
    // More may come while a large one is applied.
    for (let next = early.shift(); next !== undefined; next = early.shift()) await opened.apply(next)
    gateway = opened
    const [address = settings.httpListen] = opened.addresses
    const [secureAddress = settings.httpsListen] = opened.secureAddresses
    tellSupervisor({ kind: 'ready', address, secureAddress })
  }
  const members = new MemberSender({ ...link, collect: () => gateway?.memberStates() ?? [] })
  const statistics = new StatisticsSender({ ...link, collect: () => gateway?.drainStatistics() ?? [] })
  const reporter = new GatewayReporter({ ...link, worker: start.worker ?? 1, collect: () => gateway?.figures() })
  return {
    started: open(),
    receive(message) {
      if (message.kind === 'limits') for (const one of message.messages) limiter.receive(one)
      else if (message.kind === 'reload') logger.level = message.logLevel
      else if (message.kind === 'reopen') void gateway?.reopenLogs()
      else if (message.kind === 'control') {
        stream.controlIsAt(message.url)
        statistics.controlIsAt(message.url)
        members.controlIsAt(message.url)
        reporter.controlIsAt(message.url)
        identities.controlIsAt(message.url)
      }
    },
    async drain() {
      stream.close()
      await gateway?.drain(GRACE)
      await members.close()
      await statistics.close()
      await reporter.close()
      await disk.flush()
      identities.close()
      limiter.close()
      outbox.flush()
    },
  }
}

function leasedLimiter(outbox: Outbox<ToNode>, logger: Logger): LeasedLimiter {
  const limiter = new LeasedLimiter({
    send: (message) => outbox.push(message),
    onSilence: () => logger.error('the supervisor does not answer: requests are admitted without being counted'),
  })
  setInterval(() => limiter.tick(), LIMIT_TICK).unref()
  return limiter
}

function gatewayOptions({ settings, ticketSecret }: Start, logger: Logger): GatewayOptions {
  return {
    http: [settings.httpListen],
    https: [settings.httpsListen],
    tls: {
      defaultCertificates: loadDefaultCertificates(settings.dataDir),
      ...(ticketSecret === undefined ? {} : { ticketSecret: Buffer.from(ticketSecret, 'base64') }),
    },
    region: settings.region,
    accessLog: settings.accessLog === 'off' ? 'off' : { destination: settings.accessLog, rotateAt: ROTATE_AT },
    logStreams: { directory: join(settings.dataDir, 'logs'), rotateAt: ROTATE_AT },
    accessLogFormat: settings.accessLogFormat,
    debugDomainLimit: settings.debugDomainLimit,
    // The processes of a node share what a node has.
    cacheBytes: Math.floor(CACHE_BYTES / settings.workers),
    inboundAddresses: settings.inboundAddresses,
    functions: {
      directory: settings.functionsDir,
      processes: settings.functionsProcesses,
      ...(settings.functionsUrl !== undefined && {
        endpoint: { url: settings.functionsUrl, token: settings.functionsToken },
      }),
      onLine: (name, line) => logger.info({ function: name }, line),
    },
    engine: { proxyProtocol: settings.proxyProtocol, proxyVniType: settings.proxyProtocolVni },
    ...(settings.forbiddenBackends === undefined ? {} : { forbiddenBackends: settings.forbiddenBackends }),
    onFault: (fault) => logger.error({ err: fault }, 'a fault of the gateway'),
    onLoss: (warning) => logger.warn(warning),
    onConflict: (conflict) => logger.warn(conflict),
  }
}
