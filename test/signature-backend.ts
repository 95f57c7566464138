/** A backend in Python that verifies what the gateway signs, and shares no code with it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { BackendSignature } from '../src/snapshot/parts.js'

const PROGRAM = fileURLToPath(new URL('signature-backend.py', import.meta.url))

export interface Verifier extends BackendSignature {
  /** Where the signature is, instead of `Authorization`. */
  readonly header?: string
  /** Below which public keys are asked for, with these headers; absent: the key is its own name. */
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Starts the backend until the test has finished; its address. */
export async function signatureBackend(key: Verifier): Promise<string> {
  const child = spawn('python3', [PROGRAM, JSON.stringify(key)], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  const [port] = (await once(child.stdout, 'data')) as [Buffer]
  return `127.0.0.1:${port.toString().trim()}`
}
