/** Judges the text of a plug-in, which is kept as it was sent. */
import type { z } from 'zod'
import { fault, type Fault } from '../../contract/faults.js'
import { readJson } from '../../contract/json-text.js'
import { channelsOfBreaker } from '../../snapshot/plugin-contents/breaker.js'
import { allowedMethods } from '../../snapshot/plugin-contents/cors.js'
import { pluginShapes as shapes } from '../../snapshot/plugin-contents/index.js'
import { apisOfOidcAuth } from '../../snapshot/plugin-contents/oidc-auth.js'
import { channelsOfThirdAuth } from '../../snapshot/plugin-contents/third-auth.js'
import type { PluginReference } from '../../store/plugins.js'
import type { PluginRow } from '../../store/schema.js'
import { MASK } from './secrets.js'
import { isPrivatePem, privateMember } from './private-members.js'

export type PluginType = PluginRow['type']

/**
 * Checks the text, and tells what it points at.
 *
 * @throws {Fault} 400 2011 `plugin_content`, or the member of it that is a secret where only public keys may be
 */
export function readContent(type: PluginType, text: string): PluginReference[] {
  switch (type) {
    case 'breaker':
      return channels(channelsOfBreaker(parse(shapes.breaker, text)))
    case 'third_auth':
      return channels(channelsOfThirdAuth(parse(shapes.third_auth, text)))
    case 'oidc_auth': {
      const content = parse(shapes.oidc_auth, text)
      if (isPrivatePem(content.public_key ?? '')) throw wrong('public_key')
      if (content.client_secret === MASK) throw wrong('client_secret')
      refusePrivateKeys(content)
      return apisOfOidcAuth(content).map((id) => ({ kind: 'api', target_id: id }))
    }
    case 'jwt_auth':
      refusePrivateKeys(parse(shapes.jwt_auth, text))
      return []
    case 'cors':
    case 'set_resp_headers':
    case 'kafka_log':
    case 'rate_limit':
    case 'proxy_cache':
    case 'proxy_mirror':
      parse(shapes[type], text)
      return []
  }
}

/** What is told of a plug-in is told to everybody who may see it: no private key is to be among it, and none is needed. */
function refusePrivateKeys(content: object): void {
  for (const [name, value] of Object.entries(content)) {
    const keys: unknown = typeof value === 'string' ? readJson(value) : value
    const found = privateMember(keys, name)
    if (found !== undefined) throw wrong(found)
  }
}

const wrong = (member: string): Fault => fault('APIG.2011', { name: `plugin_content.${member}` })

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
