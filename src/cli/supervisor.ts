/**
 * The process that everybody started: it starts control and the gateways, keeps the counters of their limits, and starts
 * again what ends. It runs no code that serves anyone, so that it has no reason to end itself.
 */
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { localUrl, type ListenAddress } from '../config/listen-address.js'
import type { LogLevel, Settings } from '../config/settings.js'
import type { ToWorker } from '../limits/lease-messages.js'
import { LimitNode } from '../limits/node.js'
import { CountKeeper } from './count-keeper.js'
import { forkControl } from './fork-control.js'
import { Outbox } from './outbox.js'
import type { FirstCredentials, FromChild, ToChild } from './process-messages.js'
import { StartFailure } from './start-failure.js'
import { SupervisedProcess } from './supervised-process.js'

export interface SupervisorOptions {
  readonly settings: Settings
  readonly clusterToken: string
  readonly log: Logger
  /** Files of the processes' programs. */
  readonly programs: { readonly control: string; readonly gateway: string }
}

export interface Ready {
  readonly management: ListenAddress
  readonly http: ListenAddress
  readonly https: ListenAddress
  /** Set at the first start on a database. */
  readonly created?: FirstCredentials
}

/** Milliseconds. A gateway gives its exchanges 30 s; control has nothing that takes long. */
const GATEWAY_PATIENCE = 35_000
const CONTROL_PATIENCE = 15_000
const LIMIT_TICK = 100

export class Supervisor {
  #settings: Settings
  #controlUrl: string | undefined
  readonly #control: SupervisedProcess
  readonly #gateways: SupervisedProcess[]
  readonly #limits: LimitNode
  readonly #counts: CountKeeper
  readonly #outboxes = new Map<number, Outbox<ToWorker>>()
  readonly #limitTimer: NodeJS.Timeout
  /** In memory only: whoever restarts Sluice ends the sessions that could be resumed. */
  readonly #ticketSecret = randomBytes(32).toString('base64')
  /** Workers that listen on the ports of this Sluice. */
  readonly #listening = new Set<number>()
  #httpPort = 0
  #httpsPort = 0

  /** Starts everything; `ready` tells how it went. */
  constructor(private readonly options: SupervisorOptions) {
    this.#settings = options.settings
    this.#limits = new LimitNode((worker, message) => this.#outboxes.get(worker)?.push(message))
    this.#counts = new CountKeeper(this.#limits, options.settings.dataDir, options.log)
    this.#limitTimer = setInterval(() => {
      if (this.#limits.waits) this.#limits.tick(Date.now())
    }, LIMIT_TICK)
    // Workers accept connections themselves, from one shared socket: no hop through this process.
    cluster.schedulingPolicy = cluster.SCHED_NONE
    cluster.setupPrimary({ exec: options.programs.gateway, args: [] })
    this.#control = this.#superviseControl()
    this.#gateways = Array.from({ length: options.settings.workers }, (_, index) => this.#superviseGateway(index + 1))
  }

  /** Resolves when all processes serve. Rejects with `StartFailure`, when everything has ended again. */
  async ready(): Promise<Ready> {
    const [control, ...gateways] = await Promise.all(
      [this.#control, ...this.#gateways].map(async (process) => {
        const first = await process.first
        if (typeof first === 'string') throw new StartFailure(first)
        return first
      }),
    ).catch(async (error: unknown) => {
      await this.stop()
      throw error
    })
    const http = gateways[0]?.address ?? this.#settings.httpListen
    const https = gateways[0]?.secureAddress ?? this.#settings.httpsListen
    const created = control?.created
    return {
      management: control?.address ?? this.#settings.managementListen,
      http,
      https,
      ...(created === undefined ? {} : { created }),
    }
  }

  reload(logLevel: LogLevel): void {
    this.#settings = { ...this.#settings, logLevel }
    for (const process of [this.#control, ...this.#gateways]) process.send({ kind: 'reload', logLevel })
  }

  /** Gateways open the files of their logs anew. */
  reopenLogs(): void {
    for (const gateway of this.#gateways) gateway.send({ kind: 'reopen' })
  }

  /** An orderly end: gateways finish their exchanges, control takes their last counts, and finishes. */
  async stop(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.stop(GATEWAY_PATIENCE)))
    await this.#counts.close()
    await this.#control.stop(CONTROL_PATIENCE)
    clearInterval(this.#limitTimer)
  }

  #superviseControl(): SupervisedProcess {
    const { log, clusterToken, programs } = this.options
    const control: SupervisedProcess = new SupervisedProcess({
      name: 'control',
      log,
      spawn: () => forkControl(programs.control),
      onExit: () => undefined,
      onMessage: (message) => {
        if (message.kind === 'hello') control.send({ kind: 'start', settings: this.#settings, clusterToken })
        else if (message.kind === 'ready') this.#controlIsAt(message.address)
      },
    })
    return control
  }

  #controlIsAt(address: ListenAddress): void {
    // Should it be started again, then where its clients know it.
    this.#settings = { ...this.#settings, managementListen: address }
    this.#controlUrl = localUrl('http', address)
    for (const gateway of this.#gateways) gateway.send({ kind: 'control', url: this.#controlUrl })
  }

  #superviseGateway(number: number): SupervisedProcess {
    let worker: Worker
    const gateway: SupervisedProcess = new SupervisedProcess({
      name: `gateway ${number}`,
      log: this.options.log,
      spawn: () => {
        worker = this.#forkGateway()
        return worker.process
      },
      onExit: () => {
        this.#listening.delete(worker.id)
        this.#outboxes.delete(worker.id)
        this.#limits.workerLeft(worker.id, Date.now())
      },
      onMessage: (message) => this.#hearGateway(worker, gateway, number, message),
    })
    return gateway
  }

  #forkGateway(): Worker {
    // With port 0 the first worker takes a port, and the others share it as long as one of them lives. When none does,
    // all that come must be told which port it was.
    const { httpListen, httpsListen } = this.#settings
    if (this.#listening.size === 0 && this.#httpPort !== 0)
      this.#settings = {
        ...this.#settings,
        httpListen: { ...httpListen, port: this.#httpPort },
        httpsListen: { ...httpsListen, port: this.#httpsPort },
      }
    const worker = cluster.fork()
    const outbox = new Outbox<ToWorker>((messages) => {
      const tokens: ToChild = { kind: 'limits', messages }
      // Tokens for a process that has ended must not reach its successor.
      if (worker.isConnected()) worker.process.send(tokens, () => undefined)
    })
    this.#outboxes.set(worker.id, outbox)
    this.#limits.workerCame(worker.id)
    return worker
  }

  #hearGateway(worker: Worker, gateway: SupervisedProcess, number: number, message: FromChild): void {
    if (message.kind === 'limits') {
      for (const one of message.messages) this.#limits.receive(worker.id, one, Date.now())
    } else if (message.kind === 'ready') {
      const secure = message.secureAddress?.port ?? 0
      if (this.#httpPort === 0) {
        this.#httpPort = message.address.port
        this.#httpsPort = secure
      }
      // The last one that held the ports ended while this one was on its way, and so it took others.
      if (this.#httpPort === message.address.port && this.#httpsPort === secure) this.#listening.add(worker.id)
      else worker.process.kill('SIGKILL')
    } else if (message.kind === 'hello') {
      const { clusterToken } = this.options
      gateway.send({
        kind: 'start',
        settings: this.#settings,
        clusterToken,
        worker: number,
        ticketSecret: this.#ticketSecret,
        ...(this.#controlUrl === undefined ? {} : { controlUrl: this.#controlUrl }),
      })
    }
  }
}
