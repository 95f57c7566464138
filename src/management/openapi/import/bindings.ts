/** Policies and gateway responses that an operation names. A name that means nothing is told, and left out. */
import { fault, type Fault } from '../../../contract/faults.js'
import type { DraftBinding } from '../../../store/draft-bindings.js'
import { list, text } from '../node.js'
import type { Definitions } from './definitions.js'
import type { FileOperation } from './paths.js'

export interface NamedBindings {
  readonly bindings: readonly DraftBinding[]
  readonly problems: readonly Fault[]
}

export async function bindingsOf(definitions: Definitions, { operation }: FileOperation): Promise<NamedBindings> {
  const bindings: DraftBinding[] = []
  const problems: Fault[] = []
  const named = [
    ['x-apigateway-ratelimit', 'throttle'],
    ['x-apigateway-access-control', 'acl'],
    ['x-apigateway-plugins', 'plugin'],
  ] as const
  for (const [extension, kind] of named) {
    const ids = new Set<string>()
    for (const name of namesIn(operation[extension])) {
      const id = await definitions[kind](name)
      if (id === undefined) problems.push(fault('APIG.2012', { name: extension }))
      else ids.add(id)
    }
    for (const id of ids) bindings.push({ kind, target_id: id })
  }
  return { bindings, problems }
}

export async function responseOf(
  definitions: Definitions,
  { operation }: FileOperation,
): Promise<{ readonly members: { readonly response_id?: string }; readonly problems: readonly Fault[] }> {
  const extension = 'x-apigateway-response'
  const name = text(operation[extension] ?? undefined)
  if (name === undefined) return { members: {}, problems: [] }
  const id = await definitions.response(name)
  return id === undefined
    ? { members: {}, problems: [fault('APIG.2012', { name: extension })] }
    : { members: { response_id: id }, problems: [] }
}

function namesIn(value: unknown): string[] {
  return (Array.isArray(value) ? list(value) : [value]).flatMap((name) => text(name) ?? [])
}
