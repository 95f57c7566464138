/**
 * A file that several processes append to, rotated by size: `access.log` becomes `access.log.1`, that `.2`, and so on.
 * Whichever process finds the file too large rotates it under a lock; the others see that the name leads elsewhere and
 * open it anew.
 */
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs'
import { promisify } from 'node:util'
import type { Sink } from './line-writer.js'

const writeAt = promisify(write)
/** Milliseconds after which a lock is one that a dead process has left. */
const STALE = 10_000

export class FileSink implements Sink {
  #file: number

  /** @throws when the file cannot be opened */
  constructor(
    private readonly path: string,
    private readonly rotateAt: number,
    private readonly keep: number,
  ) {
    this.#file = openSync(path, 'a', 0o640)
  }

  async write(bytes: Buffer): Promise<void> {
    this.#reopenIfMoved()
    for (let from = 0; from < bytes.length;) {
      const { bytesWritten } = await writeAt(this.#file, bytes, from, bytes.length - from, null)
      from += bytesWritten
    }
    if (fstatSync(this.#file).size >= this.rotateAt) this.#rotate()
  }

  writeSync(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) from += writeSync(this.#file, bytes, from)
  }

  reopen(): void {
    // First the new one: where there is none, the old one is still there.
    const file = openSync(this.path, 'a', 0o640)
    closeSync(this.#file)
    this.#file = file
  }

  close(): Promise<void> {
    closeSync(this.#file)
    return Promise.resolve()
  }

  /** Someone has rotated the file, or removed it. */
  #reopenIfMoved(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.ino !== fstatSync(this.#file).ino) this.reopen()
  }

  #rotate(): void {
    const lock = `${this.path}.rotating`
    if (!lockTaken(lock)) return
    try {
      const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
      if (size < this.rotateAt) return
      rmSync(`${this.path}.${this.keep}`, { force: true })
      for (let age = this.keep - 1; age >= 1; age--) moveIfThere(`${this.path}.${age}`, `${this.path}.${age + 1}`)
      if (this.keep > 0) renameSync(this.path, `${this.path}.1`)
      else rmSync(this.path)
    } finally {
      rmdirSync(lock)
    }
    this.#reopenIfMoved()
  }
}

function lockTaken(lock: string): boolean {
  const held = statSync(lock, { throwIfNoEntry: false })
  if (held !== undefined && Date.now() - held.mtimeMs > STALE) rmSync(lock, { recursive: true, force: true })
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function moveIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) renameSync(from, to)
}
