/** The document of an export (openapi-extensions.md §5). */
import { FAILURE_SAMPLE, NORMAL_SAMPLE } from '../import/definition.js'
import { ANY_METHOD, PREFIX_METHODS } from '../import/paths.js'
import { present } from '../node.js'
import { backendOf, backendPoliciesOf } from './backend.js'
import { hasBackends, type ExportContent, type ExportedApi } from './content.js'
import { definitionsOf, responsesOf } from './definitions.js'
import { operationParameters } from './parameters.js'
import { requirementOf, securitySchemes } from './security.js'

type Exported = Record<string, unknown>

/** Members of every object but the first are sorted by name, so that equal contents are equal texts. */
export function openApiDocument(content: ExportContent): Exported {
  const { group, version, host } = content
  const info = present({
    title: group.name,
    version: content.documentVersion,
    description: group.remark || undefined,
  })
  const paths = pathsOf(content)
  const document =
    version === '2.0'
      ? {
          swagger: '2.0',
          info,
          host,
          paths,
          responses: { default: { description: 'response example' } },
          securityDefinitions: securitySchemes(content),
          ...definitionsOf(content),
          'x-apigateway-responses': responsesOf(content),
        }
      : {
          openapi: '3.0.3',
          info,
          servers: [{ url: `https://${host}` }],
          paths,
          components: present({
            responses: componentResponses(content),
            securitySchemes: securitySchemes(content),
            'x-apigateway-responses': responsesOf(content),
          }),
          ...definitionsOf(content),
        }
  return Object.fromEntries(Object.entries(present(document)).map(([name, value]) => [name, sorted(value)]))
}

/** Two APIs may differ by their match mode alone: the one that matches by prefix gives way. */
function pathsOf(content: ExportContent): Exported {
  const paths: Record<string, Exported> = {}
  for (const prefix of [false, true])
    for (const api of content.apis) {
      const { req_uri, req_method, match_mode } = api.document
      if ((match_mode === 'SWA') !== prefix) continue
      const method = req_method === 'ANY' ? ANY_METHOD : req_method.toLowerCase()
      const item = (paths[req_uri] ??= {})
      if (item[method] === undefined) item[method] = operationOf(api, content)
      else item[PREFIX_METHODS] = { ...(item[PREFIX_METHODS] as Exported), [method]: operationOf(api, content) }
    }
  return paths
}

function operationOf(api: ExportedApi, content: ExportContent): Exported {
  const { document } = api
  const parameters = operationParameters(document.req_params, content)
  const schemes = { HTTP: ['http'], HTTPS: ['https'], BOTH: ['http', 'https'], GRPCS: ['https'] }[document.req_protocol]
  return present({
    operationId: document.name,
    description: document.remark || undefined,
    tags: document.tags.length === 0 ? undefined : document.tags,
    parameters: parameters.length === 0 ? undefined : parameters,
    responses: operationResponses(api, content),
    security: requirementOf(document, content),
    ...(content.version === '2.0'
      ? { schemes }
      : { servers: schemes.map((scheme) => ({ url: `${scheme}://${content.host}` })) }),
    'x-apigateway-request-type': document.type === 1 ? 'public' : 'private',
    'x-apigateway-match-mode': document.match_mode,
    'x-apigateway-cors': document.cors,
    'x-apigateway-content-type': document.content_type,
    'x-apigateway-is-send-fg-body-base64': document.is_send_fg_body_base64 === false ? false : undefined,
    'x-apigateway-version': document.version === 'V0.0.1' ? undefined : document.version,
    'x-apigateway-body-remark': document.body_remark || undefined,
    'x-apigateway-trace': document.trace_enabled
      ? present({ enabled: true, strategy: document.sampling_strategy, param: document.sampling_param })
      : undefined,
    ...(hasBackends(content) && {
      'x-apigateway-backend': backendOf(document, content),
      'x-apigateway-backend-policies': backendPoliciesOf(document, content),
    }),
    ...policyNames(api, content),
  })
}

function operationResponses({ document }: ExportedApi, { version }: ExportContent): Exported {
  const name = version === '3.0' && document.cors ? 'default-cors' : 'default'
  const place = version === '3.0' ? '#/components/responses' : '#/responses'
  // The name of a response is a status or `default`: 3.0 exports of the cloud say it otherwise.
  return present({
    [name]: { $ref: `${place}/${name}` },
    [NORMAL_SAMPLE]: document.result_normal_sample || undefined,
    [FAILURE_SAMPLE]: document.result_failure_sample || undefined,
  })
}

function componentResponses({ apis }: ExportContent): Exported {
  const description = 'response example'
  return present({
    default: { description },
    'default-cors': apis.some(({ document }) => document.cors)
      ? {
          description,
          headers: { 'Access-Control-Allow-Origin': { schema: { type: 'string', default: '*' } } },
        }
      : undefined,
  })
}

/** Nothing but an export of all has policies: others gathered none. */
function policyNames({ document, throttleId, aclId, pluginIds }: ExportedApi, content: ExportContent): Exported {
  const plugins = pluginIds.flatMap((id) => content.plugins.get(id)?.name ?? []).toSorted()
  return present({
    'x-apigateway-ratelimit': throttleId && content.throttles.get(throttleId)?.throttle.name,
    'x-apigateway-access-control': aclId && content.acls.get(aclId)?.name,
    'x-apigateway-plugins': plugins.length === 0 ? undefined : plugins,
    'x-apigateway-response': content.responses.find(({ id }) => id === document.response_id)?.name,
  })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, sorted(one)]),
  )
}
