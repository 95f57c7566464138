import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readFrames, writeFrame, type Frame } from './frames.js'

interface Read {
  readonly frames: Frame[]
  readonly broken: boolean
}

/** What is read of bytes that come in pieces of a size. */
async function read(bytes: Buffer, size: number, most = 1_000_000): Promise<Read> {
  const pipe = new PassThrough()
  const frames: Frame[] = []
  let broken = false
  readFrames(
    pipe,
    most,
    (frame) => frames.push(frame),
    () => (broken = true),
  )
  for (let at = 0; at < bytes.length; at += size) pipe.write(bytes.subarray(at, at + size))
  pipe.end()
  await new Promise((resolve) => pipe.once('end', resolve))
  return { frames, broken }
}

function written(frames: readonly Frame[]): Buffer {
  const pipe = new PassThrough()
  for (const { head, text } of frames) writeFrame(pipe, head as object, text)
  return (pipe.read() as Buffer | null) ?? Buffer.alloc(0)
}

test('frames are read as they were written, in whatever pieces they come', async () => {
  const frame = fc.record({
    head: fc.record({ id: fc.integer(), word: fc.string() }),
    text: fc.string({ unit: 'binary' }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 64 }), async (frames, size) => {
      expect(await read(written(frames), size)).toEqual({ frames, broken: false })
    }),
  )
})

test('what is no frame, or too long, ends the reading, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 64 }), async (bytes, size) => {
      const { frames } = await read(Buffer.from(bytes), size, 100)
      for (const { text } of frames) expect(text.length).toBeLessThanOrEqual(100)
    }),
  )
  const large = written([{ head: {}, text: 'x'.repeat(101) }])
  expect(await read(large, 7, 100)).toEqual({ frames: [], broken: true })
  expect(await read(Buffer.concat([written([{ head: {}, text: 'a' }]), Buffer.from([0, 0, 0, 1, 65])]), 3)).toEqual({
    frames: [{ head: {}, text: 'a' }],
    broken: true,
  })
})
