/** Requests as the SDKs' types have them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Case } from '../boundary/cases.js'
import { resolved, type Operation } from '../boundary/contract.js'

/** Parameters and body as members of one object: the SDKs' types of requests have a field for each. */
export async function asTyped({ operation, request }: Case, instanceId: string, files: string): Promise<object> {
  const instance = operation.path.some(({ name }) => name === 'instance_id') ? { instance_id: instanceId } : {}
  const query = operation.query
    .filter(({ name }) => name in request.query)
    .map(({ name, schema }) => [name, typed(request.query[name], schema.type)] as const)
  const body = operation.isForm ? await form(request.body, files) : worded(request.body, operation)
  return {
    ...instance,
    ...request.path,
    ...Object.fromEntries(query),
    ...(body === undefined ? {} : { body }),
  }
}

/** The path of a file stands for its content, in all SDKs. */
async function form(body: unknown, files: string): Promise<object> {
  const { file_name: content, ...rest } = body as Readonly<Record<string, unknown>>
  if (typeof content !== 'string') return rest
  const file = join(files, `${Math.random()}.json`)
  await writeFile(file, content)
  return { ...rest, file_name: file }
}

/** What may be a number or a text is a text in the SDKs' types. */
function worded(body: unknown, operation: Operation): unknown {
  if (typeof body !== 'object' || body === null || operation.body === undefined) return body
  const { properties = {} } = resolved(operation.body).schema
  const members = Object.entries(body).map(([name, value]: [string, unknown]) => {
    const either = [properties[name]?.type].flat().includes('string')
    return [name, either && typeof value === 'number' ? String(value) : value] as const
  })
  return Array.isArray(body) ? body : Object.fromEntries(members)
}

/** A query parameter as the types of the contract have it, where it can be that. */
function typed(value: unknown, type: unknown): unknown {
  if (type === 'integer' && typeof value === 'string' && /^-?\d{1,18}$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
