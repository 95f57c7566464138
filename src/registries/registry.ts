/** What a registry of microservices tells of a service: where its instances answer, told anew whenever that changes. */
import type { LookupFunction } from 'node:net'

/** One place where a service answers. */
export interface Instance {
  /** What the registry calls it: a pod's name, or its address. */
  readonly name: string
  /** An address without brackets, or a name. */
  readonly host: string
  /** Its own; 0: it answers at the port that is asked for. */
  readonly port: number
  /** Its ports by those of the service; 0 stands for the only one of a service that has one. */
  readonly ports?: ReadonlyMap<number, number>
  /** 0 to 10,000; absent where the registry knows of no weights. */
  readonly weight?: number
  /** Labels of a pod, metadata of a Nacos instance; `version` is its version. Absent where none are known. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Instances of a service, or objects that tell of them: more are a selector that means too much, or no registry. */
export const MOST_INSTANCES = 10_000

export interface RegistryListener {
  /** All instances that can be called now. */
  found(instances: readonly Instance[]): void
  /** Nothing new is known until the next `found`; the reason tells no secrets. */
  failing(reason: string): void
}

/** What is under way until it is stopped. */
export interface Following {
  /** Resolves when nothing of it is under way; the listener is told nothing more. */
  stop(): Promise<void>
}

/** Which addresses may be asked: registries are named by whoever may change channels. */
export interface AddressGuard {
  readonly isForbidden: (address: string) => boolean
  /** Fails for names of which an address is forbidden. */
  readonly lookup: LookupFunction
}

/** How fast what failed is tried again, in milliseconds; waits double, with chance, up to the longest. */
export interface Pace {
  readonly firstDelay: number
  readonly longestDelay: number
}

/** A registry did not answer as it should; the text is for people, without secrets. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  /** Of the reply, where there was one. */
  readonly status: number | undefined
  /** Milliseconds that the registry asks to be left alone. */
  readonly retryAfter: number | undefined

  constructor(message: string, { status, retryAfter }: { status?: number; retryAfter?: number | undefined } = {}) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** What went wrong, as one line that anyone may read. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, LONGEST_REASON)
}

const LONGEST_REASON = 300
