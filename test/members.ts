/** Backends that stand behind a channel: each answers with its name, until a test tells it otherwise. */
import type { ChannelMember } from '../src/snapshot/parts.js'
import { recordingBackend, type RecordingBackend } from './recording-backend.js'

export interface Members extends AsyncDisposable {
  readonly backends: readonly RecordingBackend[]
  /** As members of a channel, each with what a test says of it. */
  parts(...differences: readonly Partial<ChannelMember>[]): Partial<ChannelMember>[]
  /** Requests that each has seen. */
  readonly counts: readonly number[]
}

/** They are called `m1`, `m2`, …, as members and in what they answer. */
export async function members(count: number): Promise<Members> {
  const backends: RecordingBackend[] = []
  for (let number = 1; number <= count; number++) {
    const backend = await recordingBackend()
    backend.answer = (response) => response.end(`m${number}`)
    backends.push(backend)
  }
  return {
    backends,
    parts: (...differences) =>
      backends.map(({ address }, index) => ({
        port: Number(address.slice(address.lastIndexOf(':') + 1)),
        ...differences[index],
      })),
    get counts() {
      return backends.map(({ requests }) => requests.length)
    },
    [Symbol.asyncDispose]: async () => {
      for (const backend of backends) await backend[Symbol.asyncDispose]()
    },
  }
}
