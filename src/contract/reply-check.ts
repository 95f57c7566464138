/** Whether replies are what the contract says: for test suites, which pass every reply through here. */
import { operationShape, specification } from './document.js'
import { faultForms } from './generated/faults.js'
import { operations, type OperationId } from './generated/operations.js'
import { isObject } from './known-members.js'
import { allErrors } from './schema-validators.js'
import { resolveSchema, type Schema } from './specification.js'

/**
 * What is wrong with a reply, as readable lines; empty when it fits. `body` is the parsed JSON, undefined when there
 * was none. Members that the schema doesn't know are a problem too: they are misspelt, or leak.
 */
export function checkReply(id: OperationId, status: number, body: unknown): string[] {
  if (status >= 400) return checkError(status, body)
  const { successStatus, reply } = operations[id]
  if (status !== successStatus) return [`${id} answers ${successStatus}, not ${status}`]
  if (reply === 'none') return body === undefined ? [] : [`${id} has no body, but one came`]
  if (reply === 'file') return []
  const schema = operationShape(id).operation.responses[String(status)]?.content?.['application/json']?.schema
  if (schema === undefined) return isObject(body) && Object.keys(body).length === 0 ? [] : [`${id} answers {}`]
  return [
    ...allErrors(schema, body).map((error) => `${error.instancePath || '/'} ${error.message ?? error.keyword}`),
    ...unknownMembers(schema, body, ''),
  ]
}

function checkError(status: number, body: unknown): string[] {
  if (!isObject(body) || Object.keys(body).toSorted().join() !== 'error_code,error_msg')
    return [`an error has error_code and error_msg and nothing else: ${JSON.stringify(body)}`]
  const { error_code: code, error_msg: message } = body
  if (typeof code !== 'string' || typeof message !== 'string') return ['error_code and error_msg are texts']
  if (!isCode(code)) return [`${code} is not in the catalogue`]
  const forms = Object.values(faultForms[code])
  return forms.some((form) => form.status === status && fits(form.message, message))
    ? []
    : [`${code} has no form with status ${status} and the text ${JSON.stringify(message)}`]
}

function isCode(code: string): code is keyof typeof faultForms {
  return Object.hasOwn(faultForms, code)
}

function fits(template: string, message: string): boolean {
  const literal = template.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.+')}$`, 's').test(message)
}

function unknownMembers(declared: Schema, value: unknown, path: string): string[] {
  const schema = resolveSchema(declared, specification())
  const { items, properties, additionalProperties, anyOf } = schema
  if (Array.isArray(value))
    return items === undefined ? [] : value.flatMap((item, index) => unknownMembers(items, item, `${path}/${index}`))
  if (!isObject(value)) return []
  if (properties === undefined && anyOf !== undefined)
    return (
      anyOf.map((alternative) => unknownMembers(alternative, value, path)).toSorted((a, b) => a.length - b.length)[0] ??
      []
    )
  return Object.entries(value).flatMap(([name, member]) => {
    const known = properties?.[name] ?? additionalProperties
    if (known !== undefined) return unknownMembers(known, member, `${path}/${name}`)
    return properties === undefined ? [] : [`${path}/${name} is not in the contract`]
  })
}
