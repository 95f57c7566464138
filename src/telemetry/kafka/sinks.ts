/** The sinks of a process, one for each plug-in `kafka_log` that its routes use. They outlive routes. */
import { isDeepStrictEqual } from 'node:util'
import type { IsForbidden } from './client.js'
import { KafkaSink, type SinkTarget } from './sink.js'

/** Milliseconds that records of a plug-in have to arrive when it goes. */
const GRACE = 10_000

export class KafkaSinks {
  readonly #sinks = new Map<string, { target: SinkTarget; readonly sink: KafkaSink }>()
  readonly #closing = new Set<Promise<void>>()

  /** @param onLoss records that were dropped since it was last called, of a plug-in that the text names */
  constructor(
    private readonly isForbidden: IsForbidden,
    private readonly onLoss: (warning: string) => void,
  ) {}

  of(pluginId: string, target: SinkTarget): KafkaSink {
    const known = this.#sinks.get(pluginId)
    if (known === undefined) {
      const onLoss = (records: number, reason: string): void =>
        this.onLoss(`plug-in ${pluginId}: ${records} records for Kafka were dropped: ${reason}`)
      const sink = new KafkaSink(target, { isForbidden: this.isForbidden, onLoss })
      this.#sinks.set(pluginId, { target, sink })
      return sink
    }
    if (!isDeepStrictEqual(known.target, target)) {
      known.target = target
      known.sink.redirect(target)
    }
    return known.sink
  }

  /** What each keeps, and has dropped. */
  figures(): readonly { readonly pluginId: string; readonly bytes: number; readonly dropped: number }[] {
    return Array.from(this.#sinks, ([pluginId, { sink }]) => ({ pluginId, bytes: sink.bytes, dropped: sink.dropped }))
  }

  remove(pluginId: string, withinMs = GRACE): void {
    const known = this.#sinks.get(pluginId)
    if (known === undefined) return
    this.#sinks.delete(pluginId)
    const closed = known.sink.close(withinMs).finally(() => this.#closing.delete(closed))
    this.#closing.add(closed)
  }

  /** Sends what is there, within a time in milliseconds. */
  async close(withinMs: number): Promise<void> {
    for (const id of [...this.#sinks.keys()]) this.remove(id, Math.min(withinMs, GRACE))
    await Promise.all(this.#closing)
  }
}
