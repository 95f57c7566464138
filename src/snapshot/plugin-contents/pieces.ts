/** Pieces that the contents of several plug-in types are made of (policies.md §2, §7–9). */
import { z } from 'zod'
import { isRuleExpression } from './rule-expression.js'

/** Milliseconds. */
export const timeout = z.int().min(1).max(600_000)

/** `host[:port]`; an IPv6 address stands in brackets. */
export const hostAndPort = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/)
  .refine((text) => Number(/:(\d+)$/.exec(text)?.[1] ?? 1) <= 65_535)

/** A header's name: a token of RFC 9110 §5.6.2. */
export const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/)

/** What may stand in a header's line, in one line. */
export const headerValue = z.string().regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/)

export const httpPath = z
  .string()
  .max(512)
  .regex(/^\/[^\s\0-\x1f\x7f]*$/)

export const flag = z.boolean().nullish()

/** The most rules of one plug-in. */
const MOST_RULES = 100

/** A value that rules compare, taken from the request. Consoles add members of their own, which mean nothing here. */
const parameter = z.looseObject({
  type: z.enum(['path', 'method', 'header', 'query', 'system']),
  name: z.string().min(1).max(32),
  value: z.string().max(255).nullish(),
})

export const parameters = z
  .array(parameter)
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length)
  .nullish()

export const ruleName = z.string().min(1).max(255)

export const expression = z.string().refine(isRuleExpression)

export const rulesOf = <Rule extends z.ZodType>(rule: Rule) => z.array(rule).max(MOST_RULES).nullish()

/** Elements of lists that clients also send joined with commas in one element. */
export const joined = (list: readonly string[] | null | undefined): string[] =>
  (list ?? []).flatMap((text) => text.split(',')).map((text) => text.trim())

export const isUnique = (texts: readonly string[]): boolean => new Set(texts).size === texts.length
