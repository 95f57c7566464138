import type { Readable, Writable } from 'node:stream'

/** What a command sees of the process that it runs in. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What relative paths are relative to. */
  readonly directory: string
  readonly input: Readable
  readonly output: Writable & { readonly isTTY?: boolean }
  /** The command goes on to its end, and the process then ends with this code. */
  exitWith(code: 1 | 2): void
}

export const processTerminal = (): Terminal => ({
  environment: process.env,
  directory: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  exitWith: (code) => (process.exitCode = code),
})
