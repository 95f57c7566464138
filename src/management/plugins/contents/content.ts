/** What the text of a plug-in has to be, by type. It is kept as it was sent, with members that nobody knows. */
import type { z } from 'zod'
import { fault } from '../../../contract/faults.js'
import type { PluginReference } from '../../../store/plugins.js'
import type { PluginRow } from '../../../store/schema.js'
import { breaker, channelsOfBreaker } from './breaker.js'
import { allowedMethods, cors } from './cors.js'
import { jwtAuth } from './jwt-auth.js'
import { kafkaLog } from './kafka-log.js'
import { apisOfOidcAuth, oidcAuth } from './oidc-auth.js'
import { proxyCache } from './proxy-cache.js'
import { proxyMirror } from './proxy-mirror.js'
import { rateLimit } from './rate-limit.js'
import { setRespHeaders } from './set-resp-headers.js'
import { channelsOfThirdAuth, thirdAuth } from './third-auth.js'

export type PluginType = PluginRow['type']

const shapes = {
  cors,
  set_resp_headers: setRespHeaders,
  kafka_log: kafkaLog,
  breaker,
  rate_limit: rateLimit,
  third_auth: thirdAuth,
  proxy_cache: proxyCache,
  proxy_mirror: proxyMirror,
  oidc_auth: oidcAuth,
  jwt_auth: jwtAuth,
} as const satisfies Record<PluginType, z.ZodType>

/**
 * Checks the text, and tells what it points at.
 *
 * @throws {Fault} 400 2011 `plugin_content`
 */
export function readContent(type: PluginType, text: string): PluginReference[] {
  switch (type) {
    case 'breaker':
      return channels(channelsOfBreaker(parse(shapes.breaker, text)))
    case 'third_auth':
      return channels(channelsOfThirdAuth(parse(shapes.third_auth, text)))
    case 'oidc_auth':
      return apisOfOidcAuth(parse(shapes.oidc_auth, text)).map((id) => ({ kind: 'api', target_id: id }))
    case 'cors':
    case 'set_resp_headers':
    case 'kafka_log':
    case 'rate_limit':
    case 'proxy_cache':
    case 'proxy_mirror':
    case 'jwt_auth':
      parse(shapes[type], text)
      return []
  }
}

/** Methods that a CORS plug-in of the store allows. */
export function methodsOfCors(text: string): ReadonlySet<string> {
  return allowedMethods(parse(cors, text))
}

function parse<Shape extends z.ZodType>(shape: Shape, text: string): z.infer<Shape> {
  const result = shape.safeParse(json(text))
  if (!result.success) throw fault('APIG.2011', { name: 'plugin_content' })
  return result.data
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw fault('APIG.2011', { name: 'plugin_content' })
    throw error
  }
}

const channels = (ids: readonly string[]): PluginReference[] =>
  [...new Set(ids)].map((id) => ({ kind: 'vpc_channel', target_id: id }))
