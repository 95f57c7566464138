/**
 * A producer of Kafka that ends in its time whatever brokers do, and calls no address that it must not: neither those
 * it was given nor those that brokers name. The library has no word for either, so that connections pass by here.
 */
import {
  connectionsConnectsChannel,
  GenericError,
  kGetBootstrapConnection,
  kGetConnection,
  MultipleErrors,
  NetworkError,
  ProduceAcks,
  Producer,
  type Broker,
  type Callback,
  type Connection,
} from '@platformatic/kafka'
import { subscribe } from 'node:diagnostics_channel'
import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'

export interface KafkaTarget {
  readonly brokers: readonly Broker[]
  readonly topic: string
  /** Absent: records go to the topic's partitions in turn. */
  readonly key: string | undefined
  /** Of SASL PLAIN. */
  readonly credentials: { readonly username: string; readonly password: string } | undefined
  /** Absent: no TLS. Without `ca` the roots of the system count. */
  readonly tls: { readonly ca: string | undefined } | undefined
}

/** Whether a host, a name or an address, is or resolves to what must not be called. Never rejects. */
export type IsForbidden = (host: string) => Promise<boolean>

/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000
const SEND_TIMEOUT = 30_000
const LEADER_WITHIN = 5_000
const LEADER_POLL = 50

export class KafkaClient {
  readonly #producer: GuardedProducer
  readonly #target: KafkaTarget
  readonly #key: Buffer | undefined
  #giveUp: ((reason: Error) => void) | undefined

  constructor(target: KafkaTarget, isForbidden: IsForbidden) {
    this.#target = target
    this.#key = target.key === undefined ? undefined : Buffer.from(target.key)
    this.#producer = new GuardedProducer(target, isForbidden)
  }

  /**
   * Resolves when all brokers in sync have the records.
   *
   * @throws what went wrong. Some of the records may have arrived. The client is of no more use.
   */
  async send(values: readonly Buffer[]): Promise<void> {
    const { topic } = this.#target
    const key = this.#key
    const messages = values.map((value) => (key === undefined ? { topic, value } : { topic, key, value }))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      this.#giveUp = reject
      timer = setTimeout(() => reject(new Error('the brokers did not answer in time')), SEND_TIMEOUT)
    })
    try {
      await Promise.race([this.#deliver(messages), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #deliver(messages: readonly { topic: string; key?: Buffer; value: Buffer }[]): Promise<void> {
    // A topic that brokers have only just made has no leader for a moment, which is no failure to deliver.
    for (const until = performance.now() + LEADER_WITHIN; ;) {
      try {
        await this.#producer.metadata({ topics: [this.#target.topic] })
        break
      } catch (error) {
        if (!isStale(error) || performance.now() >= until) throw error
        await new Promise((resolve) => setTimeout(resolve, LEADER_POLL))
      }
    }
    await this.#producer.send({ messages: [...messages], acks: ProduceAcks.ALL })
  }

  /** At once; what is being sent fails. */
  close(): void {
    this.#giveUp?.(new Error('the connection was closed'))
    this.#producer.destroy()
  }
}

class GuardedProducer extends Producer {
  readonly #brokers: readonly Broker[]
  readonly #isForbidden: IsForbidden
  readonly #opened = new Set<Connection>()

  constructor({ brokers, credentials, tls }: KafkaTarget, isForbidden: IsForbidden) {
    super({
      clientId: 'sluice',
      bootstrapBrokers: [...brokers],
      connectTimeout: CONNECT_TIMEOUT,
      timeout: SEND_TIMEOUT,
      // Whoever uses the client repeats.
      retries: 0,
      autocreateTopics: true,
      // A server is named to itself unless it has no name.
      ...(tls && { tls: tlsOptions(tls.ca), tlsServerName: brokers.every(({ host }) => isIP(host) === 0) }),
      ...(credentials && { sasl: { mechanism: 'PLAIN', ...credentials } }),
    })
    this.#brokers = brokers
    this.#isForbidden = isForbidden
  }

  override [kGetConnection](broker: Broker, callback: Callback<Connection>): void {
    void this.#isForbidden(broker.host).then((forbidden) => {
      if (forbidden) callback(new NetworkError(`${broker.host} is an address that must not be called`), NOTHING)
      else opening(this.#opened, () => super[kGetConnection](broker, callback))
    })
  }

  override [kGetBootstrapConnection](callback: Callback<Connection>): void {
    const attempt = (index: number): void => {
      const broker = this.#brokers[index]
      if (broker === undefined) return
      this[kGetConnection](broker, (error, connection) => {
        if (error && index + 1 < this.#brokers.length) attempt(index + 1)
        else callback(error, connection)
      })
    }
    attempt(0)
  }

  destroy(): void {
    // A broker that is silent would not let go of its connections otherwise.
    for (const { socket } of this.#opened) (socket as typeof socket | undefined)?.destroy()
    this.#opened.clear()
    this.close(() => undefined)
  }
}

/** Whether a broker said that it does not know the topic's leader (yet, or any more). */
function isStale(error: unknown): boolean {
  if (error instanceof MultipleErrors) return error.errors.some(isStale)
  return error instanceof GenericError && error.findBy('hasStaleMetadata', true) !== null
}

/** What callbacks of the library are given beside an error. */
const NOTHING = undefined as unknown as Connection

function tlsOptions(ca: string | undefined): TlsOptions {
  return ca === undefined ? {} : { ca }
}

/** Whose connections are opened right now. */
let opened: Set<Connection> | undefined

/** Runs what may open a connection; the library does so in the same turn. */
function opening(connections: Set<Connection>, open: () => void): void {
  opened = connections
  try {
    open()
  } finally {
    opened = undefined
  }
}

subscribe(connectionsConnectsChannel.start.name, (message) => {
  const { connection } = message as { readonly connection: Connection }
  const connections = opened
  if (connections === undefined) return
  connections.add(connection)
  connection.once('close', () => connections.delete(connection))
  // Those who wait for it learn it as well; a second one, of which nobody else hears, must not end the process.
  connection.on('error', () => connections.delete(connection))
})
