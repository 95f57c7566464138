/** Judges the text of a plug-in, which is kept as it was sent. */
import type { z } from 'zod'
import { fault } from '../../contract/faults.js'
import { channelsOfBreaker } from '../../snapshot/plugin-contents/breaker.js'
import { allowedMethods } from '../../snapshot/plugin-contents/cors.js'
import { pluginShapes as shapes } from '../../snapshot/plugin-contents/index.js'
import { apisOfOidcAuth } from '../../snapshot/plugin-contents/oidc-auth.js'
import { channelsOfThirdAuth } from '../../snapshot/plugin-contents/third-auth.js'
import type { PluginReference } from '../../store/plugins.js'
import type { PluginRow } from '../../store/schema.js'

export type PluginType = PluginRow['type']

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
  return allowedMethods(parse(shapes.cors, text))
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
