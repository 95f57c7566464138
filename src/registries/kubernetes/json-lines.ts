/** JSON values, one a line, as API servers stream what changes. */
import { parseJson, utf8 } from '../http.js'
import { RegistryError } from '../registry.js'

const LINE_FEED = 0x0a

/**
 * @param longest bytes of a line
 * @throws {RegistryError} for a line that is longer, is no JSON, or is not ended
 */
export async function* jsonLines(stream: AsyncIterable<Uint8Array>, longest: number): AsyncGenerator {
  let pieces: Uint8Array[] = []
  let length = 0
  for await (const bytes of stream) {
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      pieces.push(bytes.subarray(start, end))
      length += end - start
      start = end + 1
      if (length > longest) throw tooLong(longest)
      const line = utf8(Buffer.concat(pieces)).trim()
      pieces = []
      length = 0
      if (line !== '') yield parseJson(line)
    }
    if (start === bytes.length) continue
    length += bytes.length - start
    if (length > longest) throw tooLong(longest)
    // The bytes may be overwritten once the stream goes on.
    pieces.push(Buffer.from(bytes.subarray(start)))
  }
  if (length > 0) throw new RegistryError('the stream ended within a line')
}

const tooLong = (longest: number): RegistryError => new RegistryError(`a line has more than ${longest} bytes`)
