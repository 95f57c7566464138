/** One operation of a document, as the body with which the same API would be created (openapi-extensions.md §3, §4.4). */
import { acceptBody } from '../../../contract/validation.js'
import { fault } from '../../../contract/faults.js'
import type { ApiCreate } from '../../../contract/generated/schemas.js'
import { entries, list, member, present, resolve, text, truth, upperText, type Node } from '../node.js'
import { backendMembers, mockMembers, policyMembers, type BackendMembers, type NamedTargets } from './backend.js'
import type { OpenApiFile } from './file.js'
import type { ImportOptions } from './options.js'
import { requestParameters } from './parameters.js'
import type { FileOperation } from './paths.js'
import { authenticationOf } from './security.js'
import { protocolOf, serverAddresses, type ServerAddress } from './servers.js'

/** What an operation names, and an API has by id. */
export interface NamedThings extends NamedTargets {
  isBackendAuthorizer(scheme: string): boolean
  /** @throws {Fault} 404 3095 */
  orchestrations(names: readonly string[]): readonly string[]
}

export interface DefinitionContext {
  readonly file: OpenApiFile
  readonly options: ImportOptions
  readonly groupId: string
  readonly things: NamedThings
}

/** @throws {Fault} the one of the first member that is wrong, as a create would answer */
export function apiOf(context: DefinitionContext, operation: FileOperation): ApiCreate {
  const { file, options, groupId, things } = context
  const { path, method, operation: node } = operation
  const authentication = authenticationOf(file, node, {
    isSimple: options.isSimple,
    isBackendAuthorizer: (name) => things.isBackendAuthorizer(name),
  })
  const servers = serverAddresses(file, operation)
  const { authType, authorizer, takesAppCode, backendAuthorizer } = authentication
  const extension = mandatoryExtensions(node, options.isSimple)
  return acceptBody(
    'createApiV2',
    present({
      name: text(node['operationId']) ?? nameFor(method, path),
      type: extension.type,
      req_protocol: protocolOf(servers),
      req_method: method,
      req_uri: path,
      auth_type: authType,
      match_mode: extension.matchMode,
      group_id: groupId,
      auth_opt: { app_code_auth_type: takesAppCode ? 'HEADER' : 'DISABLE' },
      authorizer_id: authorizer === undefined ? undefined : things.authorizer(authorizer),
      cors: extension.cors,
      version: text(node['x-apigateway-version']),
      remark: (text(node['description']) ?? text(node['summary']))?.slice(0, LONGEST_REMARK),
      body_remark: bodyRemark(context, node),
      ...samples(file, node),
      tags: list(node['tags']).flatMap((tag) => text(tag) ?? []),
      content_type: text(node['x-apigateway-content-type']),
      is_send_fg_body_base64: truth(node['x-apigateway-is-send-fg-body-base64']),
      ...tracing(node['x-apigateway-trace']),
      req_params: requestParameters(file, operation.parameters, (names) => things.orchestrations(names)),
      ...backends(context, operation, servers, backendAuthorizer),
    }),
  )
}

interface MandatoryExtensions {
  readonly type: 1 | 2
  readonly matchMode: string
  readonly cors: unknown
}

/** @throws {Fault} 400 2001 with the extension that is missing, 2012 with one that says what none can */
function mandatoryExtensions(node: Node, isSimple: boolean): MandatoryExtensions {
  const read = (name: string, fallback: unknown): unknown => {
    const value = node[name] ?? undefined
    if (value === undefined && !isSimple) throw fault('APIG.2001', { name })
    return value ?? fallback
  }
  const type = text(read('x-apigateway-request-type', 'private'))?.toLowerCase()
  const matchMode = upperText(read('x-apigateway-match-mode', 'NORMAL'))
  const cors = truth(read('x-apigateway-cors', false))
  if (type !== 'public' && type !== 'private') throw fault('APIG.2012', { name: 'x-apigateway-request-type' })
  if (matchMode !== 'SWA' && matchMode !== 'NORMAL') throw fault('APIG.2012', { name: 'x-apigateway-match-mode' })
  if (typeof cors !== 'boolean') throw fault('APIG.2012', { name: 'x-apigateway-cors' })
  return { type: type === 'public' ? 1 : 2, matchMode, cors }
}

function backends(
  { file, options, things }: DefinitionContext,
  { operation, path }: FileOperation,
  servers: readonly ServerAddress[],
  backendAuthorizer: string | undefined,
): BackendMembers {
  if (options.isMock) return mockMembers(exampleAnswer(file, operation))
  const declared = operation['x-apigateway-backend'] ?? undefined
  const authorizerId = backendAuthorizer === undefined ? undefined : things.authorizer(backendAuthorizer)
  if (declared !== undefined)
    return {
      ...backendMembers(resolve(file.root, declared), authorizerId, things),
      ...policyMembers(resolve(file.root, operation['x-apigateway-backend-policies']), things),
    }
  if (!options.isSimple) throw fault('APIG.2001', { name: 'x-apigateway-backend' })
  const server = servers.find(({ host }) => host !== '')
  return server === undefined ? mockMembers(exampleAnswer(file, operation)) : hostBackend(server, path, file)
}

/** The host of the document, called as the API is: a placeholder of the path is the parameter of that name. */
function hostBackend(
  { scheme, host, path: prefix }: ServerAddress,
  path: string,
  { version }: OpenApiFile,
): BackendMembers {
  const target = version === '2.0' ? path : `${prefix}${path}`
  const names = Array.from(target.matchAll(/\{([^{}]*?)\+?\}/g), ([, name = '']) => name)
  return {
    backend_type: 'HTTP',
    backend_api: {
      vpc_channel_status: 2,
      url_domain: host,
      req_protocol: scheme === 'http' ? 'HTTP' : 'HTTPS',
      req_method: 'ANY',
      req_uri: target.replaceAll('+}', '}'),
      timeout: 5_000,
    },
    backend_params: names.map((name) => ({ name, value: name, location: 'PATH', origin: 'REQUEST' })),
  }
}

/** The first example, or sample, of the first response that is a success. */
function exampleAnswer({ root }: OpenApiFile, operation: Node): string {
  const success = entries(operation['responses']).find(([status]) => /^2(?:\d\d|XX)$/i.test(status))
  const response = resolve(root, success?.[1])
  const [, example2] = entries(member(response, 'examples'))[0] ?? []
  const [, content] = entries(member(response, 'content'))[0] ?? []
  const [, named] = entries(member(content, 'examples'))[0] ?? []
  const example =
    example2 ??
    member(content, 'example') ??
    member(resolve(root, named), 'value') ??
    member(response, NORMAL_SAMPLE) ??
    member(operation['responses'], NORMAL_SAMPLE)
  if (example === undefined || example === null) return ''
  return typeof example === 'string' ? example : JSON.stringify(example)
}

export const NORMAL_SAMPLE = 'x-apigateway-result-normal-sample'
export const FAILURE_SAMPLE = 'x-apigateway-result-failure-sample'

/** They stand beside the responses, or in one of them. */
function samples({ root }: OpenApiFile, operation: Node): Record<string, unknown> {
  const responses = operation['responses']
  const places = [
    responses,
    ...entries(responses).map(([name, one]) => (name.startsWith('x-') ? undefined : resolve(root, one))),
  ]
  const find = (name: string) => places.map((place) => text(member(place, name))).find((sample) => sample !== undefined)
  return present({ result_normal_sample: find(NORMAL_SAMPLE), result_failure_sample: find(FAILURE_SAMPLE) })
}

/** A body is described by its first JSON example, else by the schema. */
function bodyRemark({ file: { root } }: DefinitionContext, operation: Node): string | undefined {
  const said = text(operation['x-apigateway-body-remark'])
  if (said !== undefined) return said
  const content = member(resolve(root, operation['requestBody']), 'content')
  const [, json] = entries(content).find(([type]) => /json/i.test(type)) ?? []
  const [, named] = entries(member(json, 'examples'))[0] ?? []
  const described = member(json, 'example') ?? member(resolve(root, named), 'value') ?? member(json, 'schema')
  const remark = described === undefined ? undefined : JSON.stringify(described)
  return remark === undefined || remark.length > LONGEST_BODY_REMARK ? undefined : remark
}

/** Characters; a longer description is cut. */
const LONGEST_REMARK = 255
/** Characters; a longer one is left out. */
const LONGEST_BODY_REMARK = 20_480

function tracing(trace: unknown): Record<string, unknown> {
  return present({
    trace_enabled: truth(member(trace, 'enabled')),
    sampling_strategy: text(member(trace, 'strategy')),
    sampling_param: text(member(trace, 'param')),
  })
}

/** A name for an operation that has none; it may be as long as a name of an API. */
function nameFor(method: string, path: string): string {
  return `${method}_${path.replace(/\W/g, '_')}`.slice(0, 255)
}
