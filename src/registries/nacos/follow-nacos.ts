/** A service of a Nacos, asked for every few seconds. */
import { Backoff, pause } from '../backoff.js'
import {
  reasonOf,
  RegistryError,
  type AddressGuard,
  type Following,
  type Pace,
  type RegistryListener,
} from '../registry.js'
import { NacosClient, type NacosTarget } from './nacos-client.js'

export interface NacosPace extends Pace {
  /** Milliseconds between two questions. */
  readonly interval: number
}

/**
 * A Nacos that starts anew knows of no instance until they have told it that they are there, which takes seconds: that
 * a service has none counts once it was said so often in a row.
 */
const EMPTY_ANSWERS = 3

export function followNacos(
  target: NacosTarget,
  guard: AddressGuard,
  listener: RegistryListener,
  pace: NacosPace,
): Following {
  const stopping = new AbortController()
  const { signal } = stopping
  const client = new NacosClient(target, guard)
  const backoff = new Backoff(pace)
  let told: string | undefined
  let empty = 0

  async function ask(): Promise<number> {
    try {
      const instances = await client.instances(signal)
      backoff.succeeded()
      empty = instances.length === 0 ? empty + 1 : 0
      // Whoever is told makes out what has changed; most answers are as the last one.
      const text = JSON.stringify(instances)
      if ((empty === 0 || empty >= EMPTY_ANSWERS) && text !== told) {
        told = text
        if (!signal.aborted) listener.found(instances)
      }
      return pace.interval
    } catch (error) {
      told = undefined
      if (!signal.aborted) listener.failing(reasonOf(error))
      return Math.max(backoff.failed(), error instanceof RegistryError ? (error.retryAfter ?? 0) : 0)
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) await pause(await ask(), signal)
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
