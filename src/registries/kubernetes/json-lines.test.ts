import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RegistryError } from '../registry.js'
import { jsonLines } from './json-lines.js'

const LONGEST = 4_096

/** The bytes in pieces that end where the cuts say. Their memory is used again, as a socket's is. */
async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b)
  let start = 0
  for (const end of ends) {
    const piece = Buffer.from(bytes.subarray(start, end))
    start = end
    yield piece
    piece.fill(0)
    await Promise.resolve()
  }
}

async function read(bytes: Buffer, cuts: readonly number[]): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of jsonLines(pieces(bytes, cuts), LONGEST)) values.push(value)
  return values
}

const cuts = fc.array(fc.nat(), { maxLength: 8 })

test('values come as they were written, wherever the pieces end', async () => {
  const values = fc.array(fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(values, cuts, fc.constantFrom('\n', '\r\n', '\n\n'), async (given, at, end) => {
      const text = given.map((value) => JSON.stringify(value) + end).join('')
      expect(await read(Buffer.from(text), at)).toEqual(
        given.map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      )
    }),
    { numRuns: 300 },
  )
})

test('whatever else comes is refused as what it is, and nothing is kept beyond the longest line', async () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ maxLength: 100 }).map((text) => Buffer.from(`${text}\n`)),
    fc.json().map((text) => Buffer.from(text.slice(1))),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(noise, { maxLength: 5 }), cuts, async (parts, at) => {
      await read(Buffer.concat(parts), at).catch((error: unknown) => {
        expect(error).toBeInstanceOf(RegistryError)
      })
    }),
    { numRuns: 100 },
  )
})

test.each([
  ['"' + 'x'.repeat(LONGEST) + '"\n', 'a line has more than 4096 bytes'],
  ['x'.repeat(LONGEST + 1), 'a line has more than 4096 bytes'],
  ['{"a":1}\n{"a":', 'the stream ended within a line'],
  ['{"a":1}}\n', 'the answer is not JSON'],
])('refused, case %#', async (text, message) => {
  await expect(read(Buffer.from(text), [5])).rejects.toThrow(message)
  await expect(read(Buffer.from([0x22, 0xff, 0x22, 0x0a]), [])).rejects.toThrow('the answer is not UTF-8')
})
