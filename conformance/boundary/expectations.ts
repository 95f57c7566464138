/**
 * What the server must answer to a case, read from errors.md and the published examples: a second reading, beside that
 * of `src/contract/`. Verdicts are short: `201`, `400 APIG.2011 name`, `404 APIG.3002`.
 */
import { specificationFile, type Operation } from './contract.js'
import { isIdName, type Case } from './cases.js'
import { ownRule } from './own-rules.js'

export function expected(one: Case): string {
  return ownRule(one) ?? (one.operation.family === 'APIC' ? ofInstances(one) : ofContent(one))
}

/** The verdict that a reply is. */
export function verdictOf({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const { error_code: code, error_msg: message = '' } = (body ?? {}) as Partial<Record<string, string>>
  const name = /(?:parameterName:|parameter name:|parameter name\[)(\w*)/.exec(message)?.[1]
  return [String(status), code, name].filter(Boolean).join(' ')
}

/** errors.md §3: every failure of the instance plane is 7211 with the name in camel case, but for a few. */
function ofInstances({ operation, field, violation }: Case): string {
  if (violation === 'none') return String(operation.success)
  if (violation === 'unknown') return unknownToInstances(operation, field)
  if (violation === 'missing' && field === 'available_zone_ids') return '400 APIC.7238'
  if (field === 'spec_id' && violation === 'value') return '404 APIC.7301'
  return `400 APIC.7211 ${exampleNames.has(field) ? field : camelCase(field)}`
}

/** errors.md §4; ids of things that a self-hosted server keeps no list of are taken as they are. */
function unknownToInstances({ id, success }: Operation, field: string): string {
  if (field === 'instance_id')
    return /^(list|add|delete|acceptOrReject)Endpoint/.test(id) ? '404 APIC.7314' : '404 APIC.7302'
  return field === 'ingress_port_id' ? '400 APIC.7200' : String(success)
}

/** Names that the published examples do not print in camel case. */
const exampleNames: ReadonlySet<string> = new Set(['eip_id', 'ingress_port_id'])

const camelCase = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function ofContent(one: Case): string {
  const { operation, place, field, violation } = one
  if (violation === 'none') return String(operation.success)
  if (violation === 'unknown') return unknown(one)
  switch (place) {
    case 'path':
      return inPath(operation, field)
    case 'query':
      return inQuery(operation, field, violation)
    case 'body':
      return inBody(one)
  }
}

/** Refused parameters in the published examples: operation, code and name. */
const published = Object.entries(
  specificationFile('examples.json') as Readonly<Record<string, Readonly<Record<string, readonly Example[]>>>>,
).flatMap(([id, replies]) =>
  (replies['400'] ?? []).flatMap(({ error_code: code, error_msg: message }) => {
    const name = /parameterName:(\w+)/.exec(message)?.[1]
    // What is missing is another matter.
    return name === undefined || code === 'APIG.2001' ? [] : [{ id, code, name }]
  }),
)

interface Example {
  readonly error_code: string
  readonly error_msg: string
}

const exampleOf = (id: string, matches: (name: string) => boolean) =>
  published.find((each) => each.id === id && matches(each.name))

/** As its own name, or as `id` where an example says so of this parameter (§3): of an app, of this very operation. */
function inPath(operation: Operation, field: string): string {
  const isLast = operation.path.at(-1)?.name === field
  const own = exampleOf(operation.id, (name) => name === field || (isLast && name === 'id'))
  const example = own ?? (field === 'app_id' || field === 'instance_id' ? undefined : exampleOfLast(field))
  return `400 ${example?.code === 'APIG.2011' ? 'APIG.2011' : 'APIG.2012'} ${example?.name ?? field}`
}

/** An example of any operation whose path ends in the parameter. */
function exampleOfLast(field: string) {
  return published.find(({ id, name }) => (name === 'id' || name === field) && lastOf.get(id) === field)
}

const lastOf = new Map<string, string | undefined>()

export function learnPaths(operations: readonly Operation[]): void {
  for (const { id, path } of operations) lastOf.set(id, path.at(-1)?.name)
}

function inQuery({ id }: Operation, field: string, violation: Case['violation']): string {
  // The words about `?action=` name no parameter.
  if (field === 'action') return '400 APIG.2011'
  const isName = (name: string) => name === 'name' || name.endsWith('_name')
  const example = isName(field) ? exampleOf(id, isName) : undefined
  return `400 ${violation !== 'missing' && example?.code === 'APIG.2011' ? 'APIG.2011' : 'APIG.2012'} ${field}`
}

function inBody({ operation, field, violation, value }: Case): string {
  const { id, tag } = operation
  switch (violation) {
    case 'missing':
      return `400 APIG.2001 ${field}`
    case 'type':
      // An id in a list that is no text is as malformed as one of other characters.
      if (field.endsWith('_ids')) return inBody({ operation, field, violation: 'value', value } as Case)
      return '400 APIG.2000'
    case 'small':
    case 'large':
      if (field === 'weight') return '400 APIG.2004 weight'
      if (tag !== 'Throttling' && tag !== 'App quotas') break
      return `400 ${violation === 'small' ? 'APIG.2002' : 'APIG.2003'} ${field}`
    case 'value':
    case 'none':
    case 'unknown':
  }
  const isList = (name: string) => name.endsWith('_ids')
  const example = exampleOf(id, (name) => name === field || (isList(name) && isList(field)))
  const ofOperation = published.find((each) => each.id === id && each.code === 'APIG.2012' && !isIdName(each.name))
  const usual = isIdName(field) || ofOperation !== undefined ? 'APIG.2012' : 'APIG.2011'
  return `400 ${example?.code ?? usual} ${field}`
}

/** errors.md §4: what refers to nothing. */
function unknown({ operation, field, at }: Case): string {
  if (field === 'app_id' && ofAppItself.has(operation.id)) return '404 APIG.3002'
  const code = notFound[at] ?? notFound[field]
  if (code === undefined) throw new Error(`errors.md §4 says nothing of ${operation.id} ${at}`)
  return code === '' ? String(operation.success) : `404 APIG.${code}`
}

const ofAppItself: ReadonlySet<string> = new Set([
  ...['showDetailsOfAppV2', 'updateAppV2', 'deleteAppV2', 'resettingAppSecretV2', 'checkAppV2', 'showAppBoundAppQuota'],
])

const notFound: Readonly<Record<string, string>> = {
  ...{ instance_id: '3030', group_id: '3001', api_id: '3002', api_ids: '3002', apis: '3002', app_id: '3004' },
  ...{ app_ids: '3004', app_code_id: '3082', ai_api_key_id: '3082', app_auth_id: '3009', env_id: '3003' },
  ...{ env_variable_id: '3011', throttle_id: '3005', strategy_id: '3005', throttle_binding_id: '3012' },
  ...{ acl_id: '3006', acl_bindings_id: '3010', sign_id: '3017', sign_bindings_id: '3018', plugin_id: '3068' },
  ...{ plugin_ids: '3068', domain_id: '3020', certificate_id: '3021', certificate_ids: '3021', version_id: '3022' },
  ...{ publish_ids: '3015', vpc_channel_id: '3023', member_id: '3024', member_ids: '3024', member_group_id: '3024' },
  ...{ reference_vpc_channel_id: '3023', authorizer_id: '3081', response_id: '3088', app_quota_id: '3093' },
  ...{ orchestration_id: '3095', orchestrations: '3095', task_id: '3093' },
}
