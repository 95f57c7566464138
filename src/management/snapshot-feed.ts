/**
 * Carries what is committed to those who stream it to gateways: everything at start, then one update after each
 * commit, or one for several that came while it was busy. Updates leave in order, one at a time. What fails is tried
 * again until it succeeds; a revision is never skipped.
 */
import type { Vault } from '../config/vault.js'
import type { Part, PartKey, Update } from '../snapshot/parts.js'
import { changedParts, currentRevision, forgetChanges, oldestChange } from '../store/snapshot.js'
import type { Database, Store } from '../store/store.js'
import { loadAllParts, loadParts, type SnapshotSourceOptions } from './snapshot-source.js'

/** Where updates go: a `Publisher` whose revision is still below 0. */
interface UpdateSink {
  publish(update: Update): void
}

interface FeedLog {
  error(details: Readonly<Record<string, unknown>>, message: string): void
}

export interface SnapshotFeedOptions {
  readonly store: Store
  readonly vault: Vault
  /** Sub-domains of groups are `<group id>.<suffix>`. */
  readonly subdomainSuffix: string
  readonly sink: UpdateSink
  readonly log: FeedLog
  /** Milliseconds before the first repetition of what failed; it doubles up to five seconds. */
  readonly retryDelay?: number
  /** Revisions whose changes stay recorded after they were sent. */
  readonly remembered?: number
}

const LONGEST_RETRY_DELAY = 5_000

export class SnapshotFeed {
  /** The newest revision that was committed, as far as this process knows. */
  #committed = -1
  /** Until everything has been published, no revision is ahead of it. */
  #published = Number.POSITIVE_INFINITY
  #forgotten = 0
  #work: Promise<void> | undefined
  #cleaning: Promise<void> | undefined
  #stop: (() => void) | undefined
  readonly #stopped: Promise<void>
  readonly #source: SnapshotSourceOptions

  private constructor(private readonly options: SnapshotFeedOptions) {
    this.#source = sourceOptions(options)
    this.#stopped = new Promise((resolve) => {
      this.#stop = resolve
    })
  }

  /** Resolves when everything that is stored has been published, as a reset. */
  static async start(options: SnapshotFeedOptions): Promise<SnapshotFeed> {
    const feed = new SnapshotFeed(options)
    // Listening comes first: what is committed while everything is read must not be missed.
    options.store.onRevision((revision) => {
      feed.#advance(revision)
    })
    const update = await options.store.read((db) => everything(db, feed.#source))
    options.sink.publish(update)
    feed.#published = update.revision
    feed.#advance(feed.#committed)
    return feed
  }

  /** Resolves when nothing is under way any more; later commits are not carried. */
  async stop(): Promise<void> {
    this.#stop?.()
    this.#stop = undefined
    await this.#work
    await this.#cleaning
  }

  #advance(revision: number): void {
    if (revision > this.#committed) this.#committed = revision
    if (this.#stop !== undefined && this.#work === undefined && this.#committed > this.#published)
      this.#work = this.#carry()
  }

  async #carry(): Promise<void> {
    const { log, retryDelay = 50 } = this.options
    let delay = retryDelay
    while (this.#stop !== undefined && this.#committed > this.#published) {
      try {
        await this.#carryOne()
        delay = retryDelay
      } catch (error) {
        log.error({ err: error, revision: this.#committed, delay }, 'the configuration could not be published')
        await this.#pause(delay)
        delay = Math.min(delay * 2, LONGEST_RETRY_DELAY)
      }
    }
    this.#work = undefined
  }

  async #carryOne(): Promise<void> {
    const update = await this.options.store.read((db) => changesSince(db, this.#published, this.#source))
    this.options.sink.publish(update)
    this.#published = update.revision
    this.#forgetSent()
  }

  /** Whoever starts anew is given everything: records of changes are needed no longer than they may be asked for. */
  #forgetSent(): void {
    const { store, log, remembered = 1_000 } = this.options
    const upTo = this.#published - remembered
    if (this.#cleaning !== undefined || upTo - this.#forgotten < remembered) return
    this.#cleaning = store
      .write([], ({ db }) => forgetChanges(db, upTo))
      .then(() => {
        this.#forgotten = upTo
      })
      .catch((error: unknown) => {
        log.error({ err: error }, 'records of published changes could not be removed')
      })
      .finally(() => {
        this.#cleaning = undefined
      })
  }

  async #pause(delay: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, delay)
    })
    await Promise.race([over, this.#stopped])
    clearTimeout(timer)
  }
}

async function everything(db: Database, source: SnapshotSourceOptions): Promise<Update> {
  const revision = await currentRevision(db)
  const put: Part[] = []
  for await (const parts of loadAllParts(db, source)) put.push(...parts)
  return { revision, reset: true, put, remove: [] }
}

/** One step from a revision to the newest, or everything when the changes in between are not recorded any more. */
async function changesSince(db: Database, published: number, source: SnapshotSourceOptions): Promise<Update> {
  const oldest = await oldestChange(db)
  if (oldest === undefined || oldest > published + 1) return everything(db, source)
  const revision = await currentRevision(db)
  const keys = (await changedParts(db, published)) as PartKey[]
  return { revision, reset: false, ...(await loadParts(db, keys, source)) }
}

function sourceOptions({ vault, subdomainSuffix, log }: SnapshotFeedOptions): SnapshotSourceOptions {
  return {
    vault,
    subdomainSuffix,
    onDefect: (key, error) => {
      log.error(
        { err: error, part: key },
        'a part of the configuration cannot be made: gateways keep what they have of it',
      )
    },
  }
}
