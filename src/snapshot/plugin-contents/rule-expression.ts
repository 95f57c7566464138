/** Rule expressions: a JSON array in a text (policies.md §9). */

const operators: ReadonlySet<unknown> = new Set(['==', '~=', '!=', '~~', 'in', '>', '<', '>=', '<='])
const connectives: ReadonlySet<unknown> = new Set(['AND', 'OR', '!AND', '!OR'])

/** Levels: far more than a person writes, far fewer than a stack holds. */
const DEEPEST = 16

/**
 * `[name, operator, value]`, or `["AND" | "OR", expression, …]`. Patterns are not judged: they are written in a dialect
 * of their own, with inline flags.
 */
export function isRuleExpression(text: string): boolean {
  try {
    return isExpression(JSON.parse(text), DEEPEST)
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function isExpression(value: unknown, levels: number): boolean {
  if (!Array.isArray(value) || levels === 0) return false
  const [first, ...rest] = value as unknown[]
  if (connectives.has(first) && rest.every(Array.isArray))
    return rest.length > 0 && rest.every((one) => isExpression(one, levels - 1))
  const [operator, compared] = rest
  return (
    rest.length === 2 &&
    typeof first === 'string' &&
    first !== '' &&
    operators.has(operator) &&
    isOperand(operator, compared)
  )
}

function isOperand(operator: unknown, value: unknown): boolean {
  if (operator === 'in' && Array.isArray(value)) return value.every(isScalar)
  return isScalar(value)
}

const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number'
