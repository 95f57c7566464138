/** Runs a program that drives an SDK: what it has to do lies in a file, what it did it prints as lines of JSON. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from './clients.js'

export interface Ended {
  readonly ended: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

export async function runJob([program, ...args]: Command, what: string, job: object): Promise<Ended> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-conformance-'))
  try {
    const file = join(directory, 'job.json')
    await writeFile(file, JSON.stringify(job))
    const child = spawn(program, [...args, what, file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { ended: code, lines: output.split('\n').filter((line) => line !== ''), errors }
  } finally {
    await rm(directory, { recursive: true })
  }
}
