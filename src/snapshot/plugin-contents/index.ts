/**
 * What the text of a plug-in has to be, by type: management refuses what has another shape, and gateways read by it what
 * they were shipped. Members that nobody knows are kept.
 */
import type { z } from 'zod'
import { breaker } from './breaker.js'
import { cors } from './cors.js'
import { jwtAuth } from './jwt-auth.js'
import { kafkaLog } from './kafka-log.js'
import { oidcAuth } from './oidc-auth.js'
import { proxyCache } from './proxy-cache.js'
import { proxyMirror } from './proxy-mirror.js'
import { rateLimit } from './rate-limit.js'
import { setRespHeaders } from './set-resp-headers.js'
import { thirdAuth } from './third-auth.js'

export const pluginShapes = {
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
} as const satisfies Record<string, z.ZodType>

export type PluginType = keyof typeof pluginShapes

export type PluginContent<Type extends PluginType> = z.infer<(typeof pluginShapes)[Type]>
