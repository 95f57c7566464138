/** Texts that just fulfil, or just break, what a schema says of a text. */
import fc from 'fast-check'

export interface TextRule {
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

/** Ordinary texts, of which one or another fulfils most rules. */
const ordinary = [
  ...['abcd', 'a', '1', 'Abcd_1234', 'abcd1234abcd1234', '/', '200', '1h', '22:00:00', 'blue'],
  ...['www.example.com', 'iam:domain::0123456789abcdef0123456789abcdef', '01234567-89ab-cdef-0123-456789abcdef'],
  ...[
    '$context.authorizer.frontend.user',
    '10.0.0.1',
    '2030-01-01 00:00:00',
    '1700000000000',
    'a'.repeat(32),
    'a'.repeat(64),
    '0123456789abcdef'.repeat(4),
  ],
]

/** Every label is nearly as long as a label may be. */
const longDomain = `${`${'a'.repeat(60)}.`.repeat(3)}${'a'.repeat(40)}.com`

/** What texts are made longer with. */
const fillers = [',10.0.0.1', 'a', '1', '0', 'A', ',200', '.a', '/a']

/** What few patterns admit. */
const strange = ['<', ' ', '^', '"', '/', '中', ',', '*', '_', '\u0007']

export function fits({ pattern, minLength = 0, maxLength = Infinity }: TextRule, text: string): boolean {
  const { length } = Array.from(text)
  return length >= minLength && length <= maxLength && (pattern === undefined || new RegExp(pattern, 'u').test(text))
}

/** A text that fulfils the rule, an ordinary one if there is. @throws when none is found */
export function aText(rule: TextRule): string {
  const found =
    ordinary.find((text) => fits(rule, text)) ??
    ordinary.map((text) => grown(rule, text, rule.minLength ?? 1)).find((text) => text !== undefined)
  if (found !== undefined) return found
  const arbitrary = fc.stringMatching(new RegExp(rule.pattern ?? '', 'u'))
  const sampled = fc.sample(arbitrary, { seed: 1, numRuns: 200 }).find((text) => fits(rule, text))
  if (sampled === undefined) throw new Error(`no text fulfils ${JSON.stringify(rule)}`)
  return sampled
}

/** A text of this length that fulfils everything but, perhaps, the bounds of the length. */
export function ofLength(rule: TextRule, length: number): string | undefined {
  if (length === 0) return ''
  const { pattern } = rule
  const seeds = [aText(rule), ...ordinary, longDomain]
  for (const free of pattern === undefined ? [{}] : [{ pattern }, { pattern: lengthless(pattern) }])
    for (const seed of seeds) {
      const text = grown(free, seed, length)
      if (text !== undefined) return text
    }
  return undefined
}

/** A text of an admitted length, with a character that the pattern does not admit. */
export function strangeText(rule: TextRule): string | undefined {
  if (rule.pattern === undefined) return undefined
  const good = aText(rule)
  const candidates = strange.flatMap((character) => [
    `${good.slice(0, -1)}${character}`,
    `${character}${good.slice(1)}`,
  ])
  return candidates.find((text) => !fits(rule, text) && fits({ ...rule, pattern: '' }, text))
}

function grown(rule: TextRule, seed: string, length: number): string | undefined {
  const characters = Array.from(seed)
  if (characters.length >= length) {
    const cut = characters.slice(0, length).join('')
    return fits(rule, cut) ? cut : undefined
  }
  for (const filler of fillers)
    for (const at of [characters.length, characters.length - 1, 1]) {
      const missing = length - characters.length
      const filling = filler.repeat(Math.ceil(missing / filler.length)).slice(0, missing)
      const text = [...characters.slice(0, at), filling, ...characters.slice(at)].join('')
      if (fits(rule, text)) return text
    }
  return undefined
}

/** The pattern without its own upper bound, so that a text can be too long and nothing else. */
const lengthless = (pattern: string): string => pattern.replaceAll(/\{(\d+),\d+\}(?=\$|\))/g, '{$1,}')
