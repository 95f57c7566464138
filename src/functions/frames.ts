/**
 * What a function's process and the runtime write to each other: four bytes of length, a line of JSON, and a text as it
 * is. What is read of one is bounded: a function can reach the pipe, and write anything.
 */
import type { Duplex } from 'node:stream'

export interface Frame {
  readonly head: unknown
  readonly text: string
}

export function writeFrame(pipe: Duplex, head: object, text: string): void {
  const line = Buffer.from(`${JSON.stringify(head)}\n`)
  const body = Buffer.from(text)
  const length = Buffer.allocUnsafe(4)
  length.writeUInt32BE(line.length + body.length)
  pipe.write(Buffer.concat([length, line, body]))
}

/** @param onBroken something else came; nothing more is read */
export function readFrames(
  pipe: Duplex,
  mostBytes: number,
  onFrame: (frame: Frame) => void,
  onBroken: () => void,
): void {
  let pieces: Buffer[] = []
  let size = 0
  let expected = -1
  let broken = false

  /** All that is there, in one piece. */
  const joined = (): Buffer => {
    const [only] = pieces
    const all = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
    pieces = [all]
    return all
  }
  const giveUp = (): void => {
    broken = true
    pieces = []
    onBroken()
  }

  pipe.on('data', (piece: Buffer) => {
    if (broken) return
    pieces.push(piece)
    size += piece.length
    while (size >= (expected === -1 ? 4 : expected)) {
      const all = joined()
      if (expected === -1) {
        expected = all.readUInt32BE()
        if (expected > mostBytes) {
          giveUp()
          return
        }
        pieces = [all.subarray(4)]
        size -= 4
        continue
      }
      const frame = parse(all.subarray(0, expected))
      pieces = [all.subarray(expected)]
      size -= expected
      expected = -1
      if (frame === undefined) {
        giveUp()
        return
      }
      onFrame(frame)
    }
  })
}

function parse(bytes: Buffer): Frame | undefined {
  const end = bytes.indexOf(10)
  if (end === -1) return undefined
  try {
    return { head: JSON.parse(bytes.toString('utf8', 0, end)) as unknown, text: bytes.toString('utf8', end + 1) }
  } catch {
    return undefined
  }
}
