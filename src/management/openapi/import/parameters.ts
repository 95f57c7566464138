/** Declared parameters of an operation, as request parameters of an API (openapi-extensions.md §3, §4.7). */
import { entries, isNode, list, member, present, resolve, text, truth, type Node } from '../node.js'
import type { OpenApiFile } from './file.js'

const locations = new Map([
  ['header', 'HEADER'],
  ['query', 'QUERY'],
  ['path', 'PATH'],
])
const numbers = new Set(['integer', 'long', 'float', 'double', 'number'])

/**
 * Parameters in bodies, forms and cookies are left out.
 *
 * @param orchestrationIds ids of rules that a parameter names
 */
export function requestParameters(
  { version, root }: OpenApiFile,
  declared: readonly unknown[],
  orchestrationIds: (rules: readonly string[]) => readonly string[],
): Record<string, unknown>[] {
  return declared.flatMap((parameter): Record<string, unknown>[] => {
    const location = locations.get(text(member(parameter, 'in'))?.toLowerCase() ?? '')
    if (!isNode(parameter) || location === undefined) return []
    const schema = version === '2.0' ? parameter : resolve(root, parameter['schema'])
    const constraints = constraintsOf(isNode(schema) ? schema : {})
    const rules = list(parameter['x-apigateway-orchestrations']).flatMap((rule) => text(rule) ?? [])
    return [
      present({
        name: text(parameter['name']),
        location,
        ...constraints,
        required: requiredOf(truth(parameter['required'])),
        remark: text(parameter['description']),
        sample_value: sampleOf(parameter),
        json_schema: text(parameter['x-apigateway-json-schema']),
        pass_through: text(parameter['x-apigateway-pass-through'])?.toLowerCase() === 'always' ? 1 : 2,
        valid_enable: validation(parameter['x-apigateway-validation'], constraints),
        orchestrations: rules.length === 0 ? undefined : orchestrationIds(rules),
      }),
    ]
  })
}

/** Without a word about it, only what stands in the path has to be there: the default of the API. */
function requiredOf(said: unknown): 1 | 2 | undefined {
  if (said === true) return 1
  return said === false ? 2 : undefined
}

/** Exports write 0 where a bound is not set. */
function constraintsOf(schema: Node): Record<string, unknown> {
  const type = typeOf(schema['type'])
  const bounds =
    type === 'NUMBER'
      ? numericBounds(schema['minimum'], schema['maximum'])
      : lengths(schema['minLength'], schema['maxLength'])
  const values = list(schema['enum']).flatMap((value) => text(value) ?? [])
  return present({
    type,
    ...bounds,
    default_value: text(schema['default']),
    enumerations: values.length === 0 ? undefined : values.join(','),
    regular: text(schema['pattern']),
  })
}

/** In 3.1 there may be several types, of which `null` is none. */
function typeOf(type: unknown): 'NUMBER' | 'STRING' {
  const named = Array.isArray(type) ? list(type).find((one) => one !== 'null') : type
  return numbers.has(text(named)?.toLowerCase() ?? '') ? 'NUMBER' : 'STRING'
}

function numericBounds(minimum: unknown, maximum: unknown): Record<string, unknown> {
  return minimum === 0 && maximum === 0 ? {} : present({ min_num: minimum, max_num: maximum })
}

function lengths(minimum: unknown, maximum: unknown): Record<string, unknown> {
  const unset = (value: unknown) => (value === 0 ? undefined : value)
  return present({ min_size: maximum === 0 ? unset(minimum) : minimum, max_size: unset(maximum) })
}

/** Without a word about it, what constrains a value is meant to be checked. */
function validation(said: unknown, constraints: Readonly<Record<string, unknown>>): 1 | 2 {
  const word = text(said)?.toLowerCase()
  if (word === 'always') return 1
  if (word === 'never') return 2
  return isConstrained(constraints) ? 1 : 2
}

/** Whether a request parameter says anything about its values. */
export function isConstrained(parameter: Readonly<Record<string, unknown>>): boolean {
  const { enumerations, min_num, max_num, min_size, max_size } = parameter
  return [enumerations, min_num, max_num, min_size, max_size].some((value) => value !== undefined && value !== '')
}

function sampleOf(parameter: Node): string | undefined {
  const [, first] = entries(parameter['examples'])[0] ?? []
  return text(parameter['x-apigateway-sample'] ?? parameter['example'] ?? member(first, 'value'))
}
