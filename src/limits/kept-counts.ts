/**
 * Counts that survive a restart, in a file: what was handed out of durable counters in their current windows.
 *
 * The file is written as a whole, beside the old one and then in its place, so that it is never half. Whatever cannot be
 * read of it is as if nothing had been counted: a gateway that cannot remember goes on serving.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { WindowFrame } from './limiter.js'

export interface KeptCount extends WindowFrame {
  readonly key: string
  readonly window: number
  /** Calls of the window, 1 or more. */
  readonly used: number
}

const VERSION = 1

/** @returns nothing when there is no file. @throws when it cannot be read, or is not what this version writes. */
export function readCounts(file: string): readonly KeptCount[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const kept: unknown = JSON.parse(text)
  if (!isRecord(kept) || kept['version'] !== VERSION || !Array.isArray(kept['counts']))
    throw new Error(`${file} does not hold counts that this version can read`)
  return kept['counts'].filter(isCount)
}

/** Resolves when the counts are on the disk. */
export async function writeCounts(file: string, counts: readonly KeptCount[]): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(JSON.stringify({ version: VERSION, counts }))
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

function isCount(value: unknown): value is KeptCount {
  if (!isRecord(value) || typeof value['key'] !== 'string') return false
  const { windowSeconds, offsetSeconds = 0, window, used } = value
  return (
    isCardinal(windowSeconds) && isCardinal(used) && Number.isSafeInteger(offsetSeconds) && Number.isSafeInteger(window)
  )
}

function isCardinal(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
