/**
 * Records on their way to Kafka: kept in memory up to a bound, sent in batches, repeated as configured. Whoever hands a
 * record over never waits. What finds no room, or cannot be delivered, is dropped, counted and told about.
 */
import { Losses } from '../losses.js'
import { KafkaClient, type IsForbidden, type KafkaTarget } from './client.js'

type Client = Pick<KafkaClient, 'send' | 'close'>

export interface SinkTarget extends KafkaTarget {
  /** How often a batch is sent again. */
  readonly retries: number
  /** Milliseconds before each of them. */
  readonly backoff: number
}

export interface SinkOptions {
  readonly isForbidden: IsForbidden
  /** What was lost since it was last called, and why; see `Losses`. */
  readonly onLoss: (records: number, reason: string) => void
  /** Bytes that are kept, what is being sent and collected among them. Default 32 MiB. */
  readonly mostBytes?: number
  readonly connect?: (target: KafkaTarget, isForbidden: IsForbidden) => Client
}

const MOST_BYTES = 32 * 1024 * 1024
/** Brokers take 1 MiB at most by default, batches with what frames them. A longer record goes alone. */
const BATCH_BYTES = 512 * 1024
const BATCH_RECORDS = 2_000
/** What a record costs beside its bytes. */
const OVERHEAD = 128
/** Milliseconds for which records are collected before they are sent. */
const LINGER = 50

export class KafkaSink {
  readonly #options: SinkOptions
  readonly #mostBytes: number
  readonly #losses: Losses
  #target: SinkTarget
  #client: Client | undefined
  #sending: Client | undefined
  #queue: Buffer[] = []
  #head = 0
  #bytes = 0
  #reserved = 0
  #running: Promise<void> | undefined
  #linger: NodeJS.Timeout | undefined
  #wake: (() => void) | undefined
  #closed = false
  #deadline = Infinity

  constructor(target: SinkTarget, options: SinkOptions) {
    this.#target = target
    this.#options = options
    this.#mostBytes = options.mostBytes ?? MOST_BYTES
    this.#losses = new Losses(options.onLoss)
  }

  /** Bytes that are in memory. */
  get bytes(): number {
    return this.#bytes + this.#reserved
  }

  /** Records that were dropped. */
  get dropped(): number {
    return this.#losses.total
  }

  /** What is there and what comes goes to another target. */
  redirect(target: SinkTarget): void {
    this.#target = target
    if (this.#running === undefined) this.#client?.close()
    // Otherwise what is on its way arrives first.
    this.#client = undefined
  }

  /** Room for something that becomes part of a record; false when there is none. It is given back with `release`. */
  reserve(bytes: number): boolean {
    if (this.bytes + bytes > this.#mostBytes) return false
    this.#reserved += bytes
    return true
  }

  release(bytes: number): void {
    this.#reserved -= bytes
  }

  push(record: Buffer): void {
    const size = record.length + OVERHEAD
    if (this.#closed) this.#losses.add(1, 'the plug-in is gone')
    else if (this.bytes + size > this.#mostBytes) this.#losses.add(1, 'the buffer is full')
    else {
      this.#queue.push(record)
      this.#bytes += size
      if (this.#running !== undefined) return
      if (this.#bytes >= BATCH_BYTES) this.#start()
      else this.#linger ??= setTimeout(() => this.#start(), LINGER)
    }
  }

  /** Sends what is there, within a time in milliseconds, and ends. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true
    this.#deadline = performance.now() + withinMs
    this.#wake?.()
    if (this.#queue.length > 0) this.#start()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)))
    await Promise.race([this.#running, late])
    clearTimeout(timer)
    const left = this.#queue.length - this.#head
    this.#queue = []
    this.#head = 0
    this.#bytes = 0
    this.#client?.close()
    this.#sending?.close()
    if (left > 0) this.#losses.add(left, 'the gateway has ended')
    this.#losses.flush()
  }

  #start(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  async #run(): Promise<void> {
    while (this.#head < this.#queue.length) {
      const batch = this.#nextBatch()
      const failure = await this.#deliver(batch)
      // After `close` has given up nothing is here any more.
      if (this.#queue.length === 0) return
      this.#head += batch.length
      for (const record of batch) this.#bytes -= record.length + OVERHEAD
      this.#forgetSent()
      if (failure === undefined) continue
      this.#losses.add(batch.length, failure)
      // A broker that is down is not asked without a pause, however short batches are.
      await this.#pause(this.#target.backoff)
    }
  }

  /** @returns why it could not be, `undefined` when it was */
  async #deliver(batch: readonly Buffer[]): Promise<string | undefined> {
    for (let attempt = 0; ; attempt++) {
      let client: Client | undefined
      try {
        client = this.#sending = this.#client ??= this.#connect()
        await client.send(batch)
        if (client !== this.#client) client.close()
        return undefined
      } catch (error) {
        client?.close()
        if (client === this.#client) this.#client = undefined
        if (attempt >= this.#target.retries || performance.now() >= this.#deadline) return reasonOf(error)
      }
      await this.#pause(this.#target.backoff)
    }
  }

  #connect(): Client {
    const { connect, isForbidden } = this.#options
    return connect?.(this.#target, isForbidden) ?? new KafkaClient(this.#target, isForbidden)
  }

  #nextBatch(): Buffer[] {
    let size = 0
    let end = this.#head
    for (; end < this.#queue.length && end - this.#head < BATCH_RECORDS; end++) {
      size += (this.#queue[end]?.length ?? 0) + OVERHEAD
      if (size > BATCH_BYTES && end > this.#head) break
    }
    return this.#queue.slice(this.#head, end)
  }

  #forgetSent(): void {
    if (this.#head < this.#queue.length && this.#head < BATCH_RECORDS) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }

  async #pause(ms: number): Promise<void> {
    if (this.#closed) ms = Math.min(ms, this.#deadline - performance.now())
    if (ms <= 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}

/** The innermost word for it: the library wraps what sockets say. */
function reasonOf(error: unknown): string {
  const { errors, cause } = Object(error) as { readonly errors?: readonly unknown[]; readonly cause?: unknown }
  if (errors?.[0] !== undefined) return reasonOf(errors[0])
  if (cause !== undefined) return reasonOf(cause)
  return error instanceof Error ? error.message : String(error)
}
