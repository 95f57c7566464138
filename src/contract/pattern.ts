/**
 * The regular expressions of policy conditions (backends.md §1.1). They are searched for by an engine whose time grows
 * with the length of the text and the size of the pattern, never with their power: whatever a client writes into a
 * definition, and whatever a caller sends, a search ends soon. What that engine cannot do, looking ahead and referring
 * back, is no pattern.
 */
import { RE2JS, RE2JSException } from 're2js'

/** States of a pattern times characters of a text, beyond which nothing is searched: some 50 ms. */
const MOST_WORK = 4_000_000

/**
 * Whether a text holds a match anywhere. A text that is too long for the pattern holds none.
 *
 * @returns `undefined` when it is no pattern
 */
export function compilePattern(source: string): ((text: string) => boolean) | undefined {
  try {
    const pattern = RE2JS.compile(source, RE2JS.LOOKBEHINDS)
    const longest = MOST_WORK / pattern.programSize()
    return (text) => text.length <= longest && pattern.test(text)
  } catch (error) {
    if (error instanceof RE2JSException) return undefined
    throw error
  }
}
