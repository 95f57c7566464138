/** Rules of request parameters and of what back ends get: lifecycle.md §5.1, backends.md §4. */
import { fault } from '../../contract/faults.js'
import type { ApiCreate, BackendParamBase, ReqParamBase } from '../../contract/generated/schemas.js'
import { placeholders } from './path.js'

/** The most back-end parameters of one back end. */
const MOST_BACKEND_PARAMETERS = 50

const FRONTEND_AUTHORIZER = /^\$context\.authorizer\.frontend\.[a-zA-Z][a-zA-Z0-9_-]*$/
const BACKEND_AUTHORIZER = /^\$context\.authorizer\.backend\.[a-zA-Z][a-zA-Z0-9_-]*$/

/** Clients send them with or without the `$context.` in front. */
const systemValues: ReadonlySet<string> = new Set([
  'sourceIp',
  'stage',
  'apiId',
  'apiName',
  'appId',
  'appName',
  'requestId',
  'serverAddr',
  'serverName',
  'handleTime',
  'providerAppId',
  'member_group_name',
  'member_group_id',
])

/** What decides whether values of an authorizer exist. */
export interface Authorizers {
  readonly frontend: boolean
  readonly backend: boolean
}

/** @throws {Fault} 3209 duplicate, 2011 `name` reserved, 2026 placeholder without parameter or the reverse */
export function requestParametersFit({ req_params: parameters = [], req_uri: path }: ApiCreate): void {
  namesAreUnique(parameters)
  const declared = parameters.filter(({ location }) => location === 'PATH').map(({ name }) => name)
  if (!sameNames(placeholders(path), declared)) throw fault('APIG.2026')
}

/**
 * @param paths every path at which the back end is called; undefined when it has none (functions, mocks)
 * @throws {Fault} 3209 duplicate, 2011 `name` or `value`, 2027 placeholder without parameter or the reverse, 2028
 *   unknown request parameter, 2036 value of an authorizer that the API doesn't have
 */
export function backendParametersFit(
  parameters: readonly BackendParamBase[],
  requested: readonly ReqParamBase[],
  paths: readonly string[] | undefined,
  authorizers: Authorizers,
): void {
  if (parameters.length > MOST_BACKEND_PARAMETERS) throw fault('APIG.2011', { name: 'backend_params' })
  namesAreUnique(parameters)
  for (const { origin, value } of parameters) {
    if (origin === 'REQUEST' && !requested.some(({ name }) => name === value)) throw fault('APIG.2028')
    if (origin === 'SYSTEM') systemValueExists(value, authorizers)
  }
  const given = parameters.filter(({ location }) => location === 'PATH').map(({ name }) => name)
  for (const path of paths ?? []) if (!sameNames(placeholders(path), given)) throw fault('APIG.2027')
}

/** @throws {Fault} 2036 */
export function frontendAuthorizerExists({ frontend }: Authorizers): void {
  if (!frontend) throw fault('APIG.2036')
}

function systemValueExists(value: string, authorizers: Authorizers): void {
  if (FRONTEND_AUTHORIZER.test(value)) {
    frontendAuthorizerExists(authorizers)
    return
  }
  if (BACKEND_AUTHORIZER.test(value)) {
    if (!authorizers.backend) throw fault('APIG.2036')
    return
  }
  if (!systemValues.has(value.replace(/^\$context\./, ''))) throw fault('APIG.2011', { name: 'value' })
}

interface Named {
  readonly name: string
  readonly location: string
}

function namesAreUnique(parameters: readonly Named[]): void {
  const seen = new Set<string>()
  for (const { name, location } of parameters) {
    if (isReserved(name, location)) throw fault('APIG.2011', { name: 'name' })
    // Header names differ by more than case (RFC 9110 §5.1).
    const key = `${location} ${location === 'HEADER' ? name.toLowerCase() : name}`
    if (seen.has(key)) throw fault('APIG.3209')
    seen.add(key)
  }
}

/** Names that the gateway itself gives a meaning. */
function isReserved(name: string, location: string): boolean {
  const lower = name.toLowerCase()
  if (lower.startsWith('x-apig-') || lower.startsWith('x-sdk-') || lower === 'x-stage') return true
  return location === 'HEADER' && (lower === 'authorization' || lower === 'x-auth-token')
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const [first, second] = [new Set(a), new Set(b)]
  return first.size === second.size && [...first].every((name) => second.has(name))
}
