/**
 * Keeps the objects of a collection as they are, by the protocol that the API concepts of Kubernetes describe under
 * "Efficient detection of changes": list, then watch from the version of the list; after a break go on from the last
 * version, which bookmarks move; list again when the server does not remember that version (410 Gone).
 */
import { Backoff, pause } from '../backoff.js'
import { MOST_INSTANCES, reasonOf, RegistryError, type Following, type Pace } from '../registry.js'
import type { ApiClient, Query } from './api-client.js'
import { eventOf, pageOf, statusOf, versionOf } from './objects.js'

interface Named {
  readonly metadata: { readonly name: string; readonly resourceVersion: string }
}

export interface Collection<T extends Named> {
  /** In one namespace, where names are unique. */
  readonly path: string
  /** Selectors. */
  readonly query: Query
  /** @throws {RegistryError} */
  readonly read: (object: unknown) => T
}

const PAGE = '500'
/** Seconds after which the server is asked to end a stream, at the least; as much again by chance. */
const STREAM_SECONDS = 300
/** Seconds after which a server that does not end it counts as gone: nothing need come for so long. */
const STREAM_GRACE = 30
/** Milliseconds: a stream that ends sooner is not taken up at once; without a change, it is a failure. */
const SHORT = 1_000
const GONE = 410

export class ListWatch<T extends Named> implements Following {
  readonly #stopping = new AbortController()
  readonly #backoff: Backoff
  readonly #running: Promise<void>
  #items = new Map<string, T>()
  /** Of the collection as it is known; undefined while it must be listed. */
  #version: string | undefined
  #isListed = false
  #failure: string | undefined

  /** @param onUpdate there is something new in `items` or `failure` */
  constructor(
    private readonly client: ApiClient,
    private readonly collection: Collection<T>,
    private readonly onUpdate: () => void,
    private readonly pace: Pace,
  ) {
    this.#backoff = new Backoff(pace)
    this.#running = this.#run()
  }

  /** By name; undefined until they were listed once. */
  get items(): ReadonlyMap<string, T> | undefined {
    return this.#isListed ? this.#items : undefined
  }

  /** Why `items` may be old. */
  get failure(): string | undefined {
    return this.#failure
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    // The object that listens is not there yet.
    await Promise.resolve()
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list()
        await this.#watch(this.#version ?? '')
      } catch (error) {
        await pause(this.#failed(error), signal)
      }
    }
  }

  /** Milliseconds to wait. */
  #failed(error: unknown): number {
    const said = error instanceof RegistryError ? error : undefined
    // A connection that broke may go on where it was; whoever refuses or makes no sense is asked for everything.
    if (said !== undefined) this.#version = undefined
    // A stream that breaks and is back at once is nothing wrong, nor is a version that was forgotten meanwhile.
    const forgiven = said?.status === GONE ? 2 : said === undefined && this.#isListed ? 1 : 0
    if (this.#backoff.failures >= forgiven) this.#tell(reasonOf(error))
    return Math.max(this.#backoff.failed(), said?.retryAfter ?? 0)
  }

  async #list(): Promise<void> {
    const { path, query, read } = this.collection
    const found = new Map<string, T>()
    let version = ''
    let next = ''
    do {
      const asked = { ...query, limit: PAGE, ...(next !== '' && { continue: next }) }
      const page = pageOf(await this.client.get(path, asked, this.#stopping.signal))
      for (const object of page.items) {
        const item = read(object)
        found.set(item.metadata.name, item)
      }
      if (found.size > MOST_INSTANCES) throw new RegistryError(`more than ${MOST_INSTANCES} objects are selected`)
      version = page.metadata.resourceVersion
      next = page.metadata.continue ?? ''
    } while (next !== '')
    this.#items = found
    this.#version = version
    this.#isListed = true
    this.#tell(undefined)
  }

  async #watch(from: string): Promise<void> {
    const seconds = STREAM_SECONDS + Math.floor(Math.random() * STREAM_SECONDS)
    const query = {
      ...this.collection.query,
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(seconds),
    }
    const begun = Date.now()
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout((seconds + STREAM_GRACE) * 1_000)])
    const lines = await this.client.watch(this.collection.path, query, signal)
    if (this.#failure !== undefined) this.#tell(undefined)
    let isQuiet = true
    for await (const line of lines) {
      this.#take(line)
      isQuiet = false
      this.#backoff.succeeded()
    }
    const isShort = Date.now() - begun < SHORT
    if (isQuiet && isShort) throw new Error('the stream ended at once')
    this.#backoff.succeeded()
    // Whoever ends each stream after a word would be asked without a pause.
    if (isShort) await pause(this.pace.firstDelay, this.#stopping.signal)
  }

  #take(line: unknown): void {
    const { type, object } = eventOf(line)
    if (type === 'ERROR') {
      const { code, message = 'an error' } = statusOf(object)
      throw new RegistryError(`the stream ended: ${message}`, code === undefined ? {} : { status: code })
    }
    if (type === 'BOOKMARK') {
      this.#version = versionOf(object)
      return
    }
    const item = this.collection.read(object)
    const { name, resourceVersion } = item.metadata
    if (type === 'DELETED') this.#items.delete(name)
    else this.#items.set(name, item)
    if (this.#items.size > MOST_INSTANCES) throw new RegistryError(`more than ${MOST_INSTANCES} objects are selected`)
    this.#version = resourceVersion
    this.#tell(undefined)
  }

  #tell(failure: string | undefined): void {
    this.#failure = failure
    if (!this.#stopping.signal.aborted) this.onUpdate()
  }
}
