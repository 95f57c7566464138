/**
 * A gateway's last good configuration on its disk: with it a worker serves before it has heard from control, or without.
 *
 * All workers of a node share one file. Whoever comes first writes it; the others see in its first line that it is as new
 * as what they have. It is sealed, for it contains the secrets of apps. It is never edited: a new file takes its place.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Vault } from '../config/vault.js'
import { isPart } from './frames.js'
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
/** Leads the first line: a file of a later form is not read. */
const FORM = 'sluice-configuration-1'
const FIRST_LINE = /^sluice-configuration-1 (\S+) (\d+)\n/
const LONGEST_FIRST_LINE = 256

export class DiskCopy {
  readonly #parts = new Map<PartKey, Part>()
  #position: Position = { epoch: '', revision: -1 }
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  readonly #path: string

  constructor(private readonly options: DiskCopyOptions) {
    this.#path = join(options.dataDir, FILE)
  }

  /** What an update is relative to: the position that was loaded or noted last. */
  get position(): Position {
    return this.#position
  }

  /** Everything that was last written, as one update. Undefined, with a warning, when it is damaged; or when there is none. */
  async load(): Promise<Update | undefined> {
    let content: string
    try {
      content = await readFile(this.#path, 'utf8')
    } catch (error) {
      if (!isMissing(error)) this.#ignore(error)
      return undefined
    }
    try {
      const { position, parts } = this.#unseal(content)
      this.#position = position
      for (const part of parts) this.#parts.set(partKey(part), part)
      return { revision: position.revision, reset: true, put: parts, remove: [] }
    } catch (error) {
      this.#ignore(error)
      return undefined
    }
  }

  /** Notes an update that was applied; it is written a little later. */
  note(epoch: string, update: Update): void {
    if (update.reset) this.#parts.clear()
    for (const key of update.remove) this.#parts.delete(key)
    for (const part of update.put) this.#parts.set(partKey(part), part)
    this.#position = { epoch, revision: update.revision }
    const { delay = 500 } = this.options
    // Workers hear of a change together; spread, so that one of them writes and the others find it done.
    this.#timer ??= setTimeout(() => void this.flush(), delay * (1 + Math.random()))
  }

  /** Writes now what isn't written. Resolves also when it can't be written: that is logged. */
  async flush(): Promise<void> {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#writing = this.#writing.then(() => this.#write())
    }
    await this.#writing
  }

  async #write(): Promise<void> {
    const position = this.#position
    try {
      const written = await this.#written()
      if (written?.epoch === position.epoch && written.revision >= position.revision) return
      await replaceFile(this.#path, this.#seal(position))
    } catch (error) {
      this.options.log.warn({ err: error, file: this.#path }, 'the configuration could not be kept on disk')
    }
  }

  #seal({ epoch, revision }: Position): string {
    const firstLine = `${FORM} ${epoch} ${revision}\n`
    return firstLine + this.options.vault.seal(JSON.stringify([...this.#parts.values()]), firstLine)
  }

  #unseal(content: string): { position: Position; parts: Part[] } {
    const position = parseFirstLine(content)
    if (position === undefined) throw new Error('it is no configuration that this version can read')
    const [firstLine = ''] = FIRST_LINE.exec(content) ?? []
    const parts: unknown = JSON.parse(this.options.vault.open(content.slice(firstLine.length), firstLine))
    if (!Array.isArray(parts) || !parts.every(isPart)) throw new Error('it has parts that this version does not know')
    return { position, parts }
  }

  /** What the file on disk has, whoever wrote it. */
  async #written(): Promise<Position | undefined> {
    let file: FileHandle
    try {
      file = await open(this.#path, 'r')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST_FIRST_LINE), 0, LONGEST_FIRST_LINE, 0)
      return parseFirstLine(buffer.toString('utf8', 0, bytesRead))
    } finally {
      await file.close()
    }
  }

  #ignore(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.options.log.warn({ file: this.#path, reason }, 'the configuration kept on disk is ignored')
  }
}

function parseFirstLine(content: string): Position | undefined {
  const [, epoch, revision] = FIRST_LINE.exec(content) ?? []
  return epoch === undefined ? undefined : { epoch, revision: Number(revision) }
}

/** A reader sees the old file or the new one, also after a power failure. */
async function replaceFile(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
