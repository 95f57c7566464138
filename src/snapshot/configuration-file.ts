/**
 * The file that holds a gateway's configuration: a base with everything, and lines that were appended to it since, one
 * for what changed between two revisions. All is sealed, for it contains the secrets of apps. A base is never edited: a
 * new file takes its place.
 *
 * ```
 * sluice-configuration-2 <epoch> <revision> <bytes of the base>      padded to 256 bytes
 * <sealed array of parts>                                            one line a slice
 * + <from> <to> <sealed change>                                      one line a change
 * ```
 *
 * Several processes may append, and append the same: a line counts for whoever has come to `from` or further and not to
 * `to`. Position and order are part of what is sealed, so that no line can be moved or left out unseen; only the last
 * ones can be missing.
 */
import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Vault } from '../config/vault.js'
import { isPart, isPartKey } from './frames.js'
import { partKey, type Part, type PartKey } from './parts.js'
import type { Position } from './stream-client.js'

/** What a file on disk has, whoever wrote it. */
export interface Kept {
  readonly position: Position
  /** Bytes of the base with its first line, and of all. */
  readonly base: number
  readonly length: number
  /** Whether all of it can be read: to what is not whole nothing can be appended. */
  readonly isWhole: boolean
}

/** The way from one revision to another: what is there now and was not or was otherwise, and what is not there any more. */
export interface Change {
  readonly from: number
  readonly to: number
  readonly put: readonly Part[]
  readonly remove: readonly PartKey[]
}

export interface Loaded {
  readonly position: Position
  readonly parts: Map<PartKey, Part>
  /** Why the end of the file does not count. Absent: it does. */
  readonly damage?: unknown
}

/** Leads the first line: a file of a later form is not read. */
const FORM = 'sluice-configuration-2'
const FIRST_LINE = /^sluice-configuration-2 (\S+) (\d+) (\d+) *\n$/
const FIRST_LINE_BYTES = 256
const CHANGE = /^\+ (\d+) (\d+) /
/** Longer than what a line of a change says before it is sealed. */
const CHANGE_HEAD_BYTES = 48
/** Characters of JSON that are sealed as one: well under a millisecond of work, and requests are served in between. */
const SLICE = 64 * 1024
const LINE_FEED = 10
const SPACE = 32
const READ_AT_ONCE = 256 * 1024
/**
 * Milliseconds without a sign of life after which a draft counts as left behind by a process that was killed. So does
 * one that is as far in the future: it was written before the clock was put back.
 */
const ABANDONED = 10_000

export class ConfigurationFile {
  /** What was found last, and the first line of the file that it was found in. */
  #known: { readonly firstLine: string; readonly kept: Kept } | undefined

  constructor(
    private readonly path: string,
    private readonly vault: Vault,
  ) {}

  /** Everything that is kept. Undefined when there is no file. Rejects when its base cannot be read. */
  async load(): Promise<Loaded | undefined> {
    await using file = await openIfThere(this.path)
    if (file === undefined) return undefined
    const firstLine = await readFirstLine(file)
    const { position, base } = parseFirstLine(firstLine)
    const parts = new Map<PartKey, Part>()
    let revision = position.revision
    let offset = FIRST_LINE_BYTES
    let slice = 0
    let damage: unknown
    for await (const line of linesOf(file, FIRST_LINE_BYTES)) {
      const isOfBase = offset < base
      offset += line.length
      if (isOfBase) {
        const context = sliceContext(position, slice++, offset >= base)
        for (const part of this.#openParts(line, context)) parts.set(partKey(part), part)
        continue
      }
      try {
        const change = this.#openChange(line, position.epoch)
        if (change.to <= revision) continue
        if (change.from > revision) throw new Error('a change is missing')
        for (const key of change.remove) parts.delete(key)
        for (const part of change.put) parts.set(partKey(part), part)
        revision = change.to
      } catch (error) {
        damage = error
        break
      }
    }
    if (offset < base) throw new Error('it is cut off')
    const reached = { epoch: position.epoch, revision }
    this.#known = { firstLine, kept: { position: reached, base, length: offset, isWhole: damage === undefined } }
    return { position: reached, parts, ...(damage !== undefined && { damage }) }
  }

  /** What is kept, from what it says in clear. Undefined when there is no file, or none that this version can read. */
  async look(): Promise<Kept | undefined> {
    await using file = await openIfThere(this.path)
    if (file === undefined) return undefined
    const firstLine = await readFirstLine(file)
    const { size } = await file.stat()
    let kept: Kept
    try {
      kept = this.#known?.firstLine === firstLine ? this.#known.kept : keptByBase(firstLine)
    } catch {
      return undefined
    }
    if (size < kept.length) kept = { ...kept, isWhole: false }
    else if (kept.isWhole && size > kept.length) kept = following(kept, await readBytes(file, kept.length, size))
    this.#known = { firstLine, kept }
    return kept
  }

  /** Adds a change to what is kept, which has to be of that epoch and at its `from` or later. */
  async append(epoch: string, change: Change): Promise<void> {
    await using file = await open(this.path, 'a', 0o600)
    await file.writeFile(this.#sealChange(epoch, change))
    await file.datasync()
  }

  /** Whether another process, or this one, is writing a base now. Drafts that nobody writes any more are removed. */
  async isBeingReplaced(): Promise<boolean> {
    const directory = dirname(this.path)
    for (const name of await readdir(directory)) {
      if (!name.startsWith(`${basename(this.path)}.`)) continue
      const draft = join(directory, name)
      const state = await stat(draft).catch(() => undefined)
      if (state === undefined) continue
      if (Math.abs(Date.now() - state.mtimeMs) < ABANDONED) return true
      await rm(draft, { force: true })
    }
    return false
  }

  /**
   * Puts a new file in the place of the old one: a reader sees one or the other, also after a power failure. It is
   * written a little at a time; `meanwhile` is asked at the end for what has changed since.
   */
  async replace(position: Position, parts: readonly Part[], meanwhile: () => Change | undefined): Promise<void> {
    const draft = `${this.path}.${process.pid}-${randomBytes(4).toString('hex')}`
    try {
      {
        await using file = await open(draft, 'wx', 0o600)
        // Not write(): when the disk gets full, that stores a part of what it is given and does not fail.
        await file.writeFile(' '.repeat(FIRST_LINE_BYTES))
        let base = FIRST_LINE_BYTES
        let slice = 0
        for (const { json, isLast } of slicesOf(parts)) {
          const line = `${this.vault.seal(json, sliceContext(position, slice++, isLast))}\n`
          await file.writeFile(line)
          base += line.length
        }
        const change = meanwhile()
        if (change !== undefined) await file.writeFile(this.#sealChange(position.epoch, change))
        await file.write(firstLineOf(position, base), 0)
        await file.sync()
      }
      await rename(draft, this.path)
      this.#known = undefined
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  }

  #sealChange(epoch: string, { from, to, put, remove }: Change): string {
    return `+ ${from} ${to} ${this.vault.seal(JSON.stringify({ put, remove }), changeContext(epoch, from, to))}\n`
  }

  #openChange(line: string, epoch: string): Change {
    if (!line.endsWith('\n')) throw new Error('its last line is cut off')
    const [head, from, to] = CHANGE.exec(line) ?? []
    if (head === undefined) throw new Error('it has a line that is no change')
    const context = changeContext(epoch, Number(from), Number(to))
    const value: unknown = JSON.parse(this.vault.open(line.slice(head.length, -1), context))
    if (!isChanged(value)) throw new Error('it has a change that this version does not know')
    return { from: Number(from), to: Number(to), ...value }
  }

  #openParts(line: string, context: string): Part[] {
    const parts: unknown = JSON.parse(this.vault.open(line.slice(0, -1), context))
    if (!Array.isArray(parts) || !parts.every(isPart)) throw new Error('it has parts that this version does not know')
    return parts
  }
}

const sliceContext = ({ epoch, revision }: Position, slice: number, isLast: boolean): string =>
  `${FORM} ${epoch} ${revision} ${slice}${isLast ? ' last' : ''}`

const changeContext = (epoch: string, from: number, to: number): string => `${FORM} ${epoch} + ${from} ${to}`

/** At least one, so that a base of nothing is sealed too. */
function* slicesOf(parts: readonly Part[]): Generator<{ readonly json: string; readonly isLast: boolean }> {
  let json = '['
  for (const part of parts) {
    if (json.length > SLICE) {
      yield { json: `${json}]`, isLast: false }
      json = '['
    }
    json += (json === '[' ? '' : ',') + JSON.stringify(part)
  }
  yield { json: `${json}]`, isLast: true }
}

function firstLineOf({ epoch, revision }: Position, base: number): string {
  const line = `${FORM} ${epoch} ${revision} ${base}`.padEnd(FIRST_LINE_BYTES - 1)
  if (line.length >= FIRST_LINE_BYTES) throw new RangeError('the name of the history is too long')
  return `${line}\n`
}

function parseFirstLine(line: string): { readonly position: Position; readonly base: number } {
  const [, epoch, revision, digits] = FIRST_LINE.exec(line) ?? []
  if (epoch === undefined) throw new Error('it is no configuration that this version can read')
  const base = Number(digits)
  // The revision counts by what is sealed with it: without a base there would be nothing.
  if (base <= FIRST_LINE_BYTES) throw new Error('it has no base')
  return { position: { epoch, revision: Number(revision) }, base }
}

function keptByBase(firstLine: string): Kept {
  const { position, base } = parseFirstLine(firstLine)
  return { position, base, length: base, isWhole: true }
}

/** What is kept with what was appended since. */
function following(kept: Kept, appended: Buffer): Kept {
  let { revision } = kept.position
  let start = 0
  let isWhole = true
  while (start < appended.length) {
    const end = appended.indexOf(LINE_FEED, start)
    const [head, from, to] = CHANGE.exec(appended.toString('latin1', start, start + CHANGE_HEAD_BYTES)) ?? []
    isWhole = end !== -1 && head !== undefined && Number(from) <= revision
    // A space is in no sealed text: another line follows one that was cut off.
    isWhole &&= !appended.subarray(start + (head?.length ?? 0), end).includes(SPACE)
    if (!isWhole) break
    revision = Math.max(revision, Number(to))
    start = end + 1
  }
  const position = { epoch: kept.position.epoch, revision }
  return { position, base: kept.base, length: kept.length + start, isWhole }
}

function isChanged(value: unknown): value is Pick<Change, 'put' | 'remove'> {
  if (typeof value !== 'object' || value === null || !('put' in value && 'remove' in value)) return false
  const { put, remove } = value
  return Array.isArray(put) && put.every(isPart) && Array.isArray(remove) && remove.every(isPartKey)
}

/** Each with its line feed, which the last may lack. One is read when it is asked for. */
async function* linesOf(file: FileHandle, from: number): AsyncGenerator<string> {
  let rest: Buffer[] = []
  for (let at = from; ;) {
    const bytes = await readBytes(file, at, at + READ_AT_ONCE)
    if (bytes.length === 0) break
    at += bytes.length
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...rest, bytes.subarray(start, end + 1)]).toString('latin1')
      rest = []
      start = end + 1
    }
    rest.push(bytes.subarray(start))
  }
  const last = Buffer.concat(rest)
  if (last.length > 0) yield last.toString('latin1')
}

async function readFirstLine(file: FileHandle): Promise<string> {
  return (await readBytes(file, 0, FIRST_LINE_BYTES)).toString('latin1')
}

async function readBytes(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start)
  return buffer.subarray(0, bytesRead)
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
