/** Request parameters of an API as parameters of an operation (openapi-extensions.md §3, §4.7). */
import type { ReqParam } from '../../../contract/generated/schemas.js'
import { isConstrained } from '../import/parameters.js'
import { present } from '../node.js'
import type { ExportContent } from './content.js'

type Exported = Record<string, unknown>

/** Parameters in cookies are not imported, so they are not exported. */
export const isExported = ({ location }: ReqParam): boolean => location !== 'COOKIE'

export function operationParameters(
  parameters: readonly ReqParam[],
  { version, orchestrations }: Pick<ExportContent, 'version' | 'orchestrations'>,
): Exported[] {
  return parameters.filter(isExported).map((parameter) => {
    const rules = (parameter.orchestrations ?? []).map((id) => orchestrations.get(id) ?? id)
    const constraints = constraintsOf(parameter)
    return present({
      name: parameter.name,
      in: parameter.location.toLowerCase(),
      description: parameter.remark || undefined,
      required: parameter.required === 1,
      ...(version === '2.0' ? constraints : { schema: constraints }),
      ...(version === '2.0' ? { 'x-apigateway-sample': parameter.sample_value } : { example: parameter.sample_value }),
      'x-apigateway-pass-through': parameter.pass_through === 1 ? 'always' : 'never',
      'x-apigateway-orchestrations': rules.length === 0 ? undefined : rules,
      'x-apigateway-json-schema': parameter.json_schema,
      'x-apigateway-validation': validation(parameter),
    })
  })
}

function constraintsOf(parameter: ReqParam): Exported {
  const { type, enumerations, default_value, min_num, max_num, min_size, max_size } = parameter
  const isNumber = type === 'NUMBER'
  const typed = (value: string) => (isNumber && String(Number(value)) === value ? Number(value) : value)
  const areUnset = !(isNumber ? min_num || max_num : min_size || max_size)
  return present({
    type: isNumber ? 'number' : 'string',
    default: default_value === undefined ? undefined : typed(default_value),
    enum: enumerations ? enumerations.split(',').map(typed) : undefined,
    pattern: parameter.regular,
    ...(!areUnset &&
      (isNumber ? { minimum: min_num, maximum: max_num } : { minLength: min_size, maxLength: max_size })),
  })
}

/** Said only where an import would think otherwise. */
function validation(parameter: ReqParam): 'always' | 'never' | undefined {
  const isChecked = parameter.valid_enable === 1
  const { min_num, max_num, min_size, max_size } = parameter
  const areUnset = !(parameter.type === 'NUMBER' ? min_num || max_num : min_size || max_size)
  const looksChecked = isConstrained(areUnset ? { enumerations: parameter.enumerations } : { ...parameter })
  if (isChecked === looksChecked) return undefined
  return isChecked ? 'always' : 'never'
}
