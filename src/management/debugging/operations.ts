import { setTimeout as pause } from 'node:timers/promises'
import { fault } from '../../contract/faults.js'
import type { ApiDebugInfo, DebugApiV2Response } from '../../contract/generated/schemas.js'
import { domainsOfGroups } from '../../store/domains.js'
import { theApiDocument } from '../apis/operations.js'
import type { GatewayAccess, LongHandlers, OperationContext } from '../operation.js'
import { callGateway, type GatewayAnswer, type GatewayTarget } from './call.js'
import { draftOf, type Draft } from './draft.js'
import { debugRequest, domainOf, requestText, type DebugRequest } from './request.js'

/** A published version is called as anybody calls it; a draft is made known to gateways for this one call. */
export const debuggingOperations = {
  debugApiV2: async ({ path, body }, transactions, { gateway }) => {
    const { draft, host, port, now } = await transactions.read(async (context) => {
      const document = await theApiDocument(context, path.api_id)
      const place = await placeOf(context, document.group_id, body)
      const draft = body.mode === 'DEVELOPER' ? await draftOf(context, document) : undefined
      return { draft, ...place, now: context.now }
    })
    const stage = draft?.stage ?? (body.mode === 'CONSUMER' ? body.stage || undefined : undefined)
    const { app_key, app_secret, ...unsigned } = body
    const keys = draft === undefined ? { ...(app_key && { app_key }), ...(app_secret && { app_secret }) } : {}
    const request = debugRequest({ ...unsigned, ...keys }, host, stage, now)
    const secure = body.scheme === 'HTTPS'
    const target: GatewayTarget = {
      host: gateway.host,
      port: port ?? (secure ? gateway.httpsPort : gateway.httpPort),
      secure,
      serverName: host.replace(/:\d+$/, ''),
    }
    const answer =
      draft === undefined ? await callGateway(target, request) : await callDraft(gateway, draft, target, request)
    return { status: 200, body: view(request, answer, target, draft) }
  },
} satisfies LongHandlers

/** Milliseconds that gateways have to hear of a draft. */
const PATIENCE = 1_000

/** Gateways hear of it within a moment: until then they answer as to a path that they do not know. */
async function callDraft(
  gateway: GatewayAccess,
  { part }: Draft,
  target: GatewayTarget,
  request: DebugRequest,
): Promise<GatewayAnswer> {
  const takeBack = gateway.lend(part)
  try {
    const startedAt = performance.now()
    for (let delay = 20; ; delay *= 2) {
      const answer = await callGateway(target, request)
      if (!isUnknownPath(answer) || performance.now() - startedAt + delay > PATIENCE) return answer
      await pause(delay)
    }
  } finally {
    takeBack()
  }
}

const isUnknownPath = ({ status, text }: GatewayAnswer): boolean =>
  status === 404 && text.includes('"error_code":"APIG.0101"')

/** The Host of the call, and the port where it is heard if that is not the gateway's own. */
async function placeOf(
  { db, settings }: OperationContext,
  groupId: string,
  { domain, scheme }: ApiDebugInfo,
): Promise<{ readonly host: string; readonly port: number | undefined }> {
  const subDomain = `${groupId}.${settings.subdomainSuffix}`
  if (!domain) return { host: subDomain, port: undefined }
  const { name, port } = domainOf(domain)
  const standard = port === undefined || port === (scheme === 'HTTPS' ? 443 : 80)
  if (name === subDomain && standard) return { host: domain, port: undefined }
  const bound = ((await domainsOfGroups(db, [groupId])).get(groupId) ?? []).some((one) => {
    const own = scheme === 'HTTPS' ? one.ingress_https_port : one.ingress_http_port
    return covers(one.host, name) && (standard ? own === (scheme === 'HTTPS' ? 443 : 80) : own === port)
  })
  if (!bound) throw fault('APIG.2011', { name: 'domain' })
  return { host: domain, port: standard ? undefined : port }
}

/** A wildcard stands for one label. */
function covers(bound: string, name: string): boolean {
  return bound === name || (bound.startsWith('*.') && name.slice(name.indexOf('.')) === bound.slice(1))
}

function view(
  request: DebugRequest,
  { text, latency, status, headers, failure }: GatewayAnswer,
  { host, port, secure }: GatewayTarget,
  draft: Draft | undefined,
): DebugApiV2Response {
  const lines = [
    `${draft === undefined ? 'published version' : 'draft'}, called at ${secure ? 'https' : 'http'}://${host}:${port}`,
    ...(status === undefined ? [] : [`answered with ${status} after ${latency} ms`]),
    ...['x-request-id', 'x-apig-latency', 'x-apig-upstream-latency'].flatMap((name) =>
      headers[name] === undefined ? [] : [`${name}: ${String(headers[name])}`],
    ),
    ...(failure === undefined ? [] : [`failed: ${failure}`]),
  ]
  const hidden = new Set(draft === undefined ? [] : ['X-Stage'])
  return { request: requestText(request, hidden), response: text, latency, log: lines.join('\n') }
}
