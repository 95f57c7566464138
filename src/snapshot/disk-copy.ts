/**
 * A gateway's last good configuration on its disk: with it a worker serves before it has heard from control, or without.
 *
 * All workers of a node share one file. Whoever comes first writes a change; the others see that the file is as new as
 * what they have. What changed is appended, so that a publication costs the same beside ten APIs and beside 100,000;
 * when as much was appended as there was, one of them writes all of it anew, between requests.
 */
import { join } from 'node:path'
import type { Vault } from '../config/vault.js'
import { ConfigurationFile, type Change, type Kept } from './configuration-file.js'
import { partKey, type Part, type PartKey, type Update } from './parts.js'
import type { Position, StreamLog } from './stream-client.js'

export interface DiskCopyOptions {
  readonly dataDir: string
  readonly vault: Vault
  readonly log: StreamLog
  /** Milliseconds from a change to its being written, at least; changes in between are written together. Default 500. */
  readonly delay?: number
}

const FILE = 'gateway-configuration'
/** Milliseconds between attempts while the disk takes nothing: they double up to this. */
const LONGEST_DELAY = 30_000
/** Bytes that may be appended to a base that is smaller. */
const APPENDED = 1024 * 1024

export class DiskCopy {
  #parts = new Map<PartKey, Part>()
  #position: Position = { epoch: '', revision: -1 }
  /** What has changed since a revision that this process wrote, or saw written. Undefined: everything. */
  #changed: { readonly since: number; readonly keys: Set<PartKey> } | undefined
  /** Attempts that failed in a row. */
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  readonly #path: string
  readonly #file: ConfigurationFile

  constructor(private readonly options: DiskCopyOptions) {
    this.#path = join(options.dataDir, FILE)
    this.#file = new ConfigurationFile(this.#path, options.vault)
  }

  /** What an update is relative to: the position that was loaded or noted last. */
  get position(): Position {
    return this.#position
  }

  /** Everything that was last written, as one update. Undefined, with a warning, when it is damaged; or when there is none. */
  async load(): Promise<Update | undefined> {
    try {
      const loaded = await this.#file.load()
      if (loaded === undefined) return undefined
      if (loaded.damage !== undefined) this.#warn(loaded.damage, 'the latest changes kept on disk are ignored')
      this.#position = loaded.position
      this.#parts = loaded.parts
      this.#changed = { since: loaded.position.revision, keys: new Set() }
      return { revision: loaded.position.revision, reset: true, put: [...loaded.parts.values()], remove: [] }
    } catch (error) {
      this.#warn(error, 'the configuration kept on disk is ignored')
      return undefined
    }
  }

  /** Notes an update that was applied; it is written a little later. */
  note(epoch: string, update: Update): void {
    if (update.reset) {
      this.#parts.clear()
      this.#changed = undefined
    }
    for (const key of update.remove) {
      this.#parts.delete(key)
      this.#changed?.keys.add(key)
    }
    for (const part of update.put) {
      const key = partKey(part)
      this.#parts.set(key, part)
      this.#changed?.keys.add(key)
    }
    this.#position = { epoch, revision: update.revision }
    this.#schedule()
  }

  /** Writes now what isn't written. Resolves also when it can't be written: that is logged, and tried again. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#writing = this.#writing.then(() => this.#write())
    }
    await this.#writing
  }

  #schedule(): void {
    const { delay = 500 } = this.options
    // Workers hear of a change together; spread, so that one of them writes and the others find it done.
    const wait = Math.min(LONGEST_DELAY, delay * 2 ** this.#failures) * (1 + Math.random())
    this.#timer ??= setTimeout(() => void this.flush(), wait).unref()
  }

  async #write(): Promise<void> {
    try {
      const kept = await this.#file.look()
      if (kept !== undefined && this.#has(kept)) this.#writtenUpTo(this.#position)
      else if (kept !== undefined && this.#mayFollow(kept)) await this.#append()
      else if (await this.#file.isBeingReplaced()) this.#schedule()
      else await this.#replace()
      this.#failures = 0
    } catch (error) {
      // Whatever part of it was written: the next time all of it is.
      this.#changed = undefined
      this.#failures++
      this.#schedule()
      this.options.log.warn({ err: error, file: this.#path }, 'the configuration could not be kept on disk')
    }
  }

  #has({ isWhole, position }: Kept): boolean {
    const { epoch, revision } = this.#position
    return isWhole && position.epoch === epoch && position.revision >= revision
  }

  #mayFollow({ isWhole, position, base, length }: Kept): boolean {
    if (!isWhole || position.epoch !== this.#position.epoch) return false
    if (this.#changed === undefined || this.#changed.since > position.revision) return false
    return length - base < Math.max(base, APPENDED)
  }

  async #append(): Promise<void> {
    const change = this.#change()
    if (change === undefined) return
    this.#writtenUpTo(this.#position)
    await this.#file.append(this.#position.epoch, change)
  }

  async #replace(): Promise<void> {
    const position = this.#position
    this.#writtenUpTo(position)
    await this.#file.replace(position, [...this.#parts.values()], () => {
      const change = this.#change()
      if (change !== undefined) this.#writtenUpTo(this.#position)
      return change
    })
  }

  #writtenUpTo({ revision }: Position): void {
    this.#changed = { since: revision, keys: new Set() }
  }

  /** What has changed and is not written. Undefined: nothing, or everything. */
  #change(): Change | undefined {
    if (this.#changed === undefined || this.#changed.since >= this.#position.revision) return undefined
    const put: Part[] = []
    const remove: PartKey[] = []
    for (const key of this.#changed.keys) {
      const part = this.#parts.get(key)
      if (part === undefined) remove.push(key)
      else put.push(part)
    }
    return { from: this.#changed.since, to: this.#position.revision, put, remove }
  }

  #warn(error: unknown, message: string): void {
    this.options.log.warn({ file: this.#path, reason: error instanceof Error ? error.message : String(error) }, message)
  }
}
