/** System parameters, `$context.…`, as values for the backend (backends.md §4.2). All are byte strings. */
import type { PublicationPart } from '../../snapshot/parts.js'
import type { Exchange } from '../exchange.js'
import { utf8Bytes } from '../percent-encoding.js'

/** What the gateway says about itself. */
export interface ServerIdentity {
  readonly address: string
  readonly name: string
}

/** A value that is known when the route is compiled, or how to get it from an exchange; empty: there is none. */
export type SystemValue = string | ((exchange: Exchange) => string)

/** @param name with or without `$context.`; an unknown one, or one that isn't supported, has no value. */
export function systemValue(
  name: string,
  publication: PublicationPart,
  stage: string,
  server: ServerIdentity,
): SystemValue {
  const short = name.replace(/^\$context\./, '')
  const [, side, key] = /^authorizer\.(frontend|backend)\.(.+)$/.exec(short) ?? []
  if (key !== undefined) {
    return side === 'frontend'
      ? (exchange) => exchange.frontendContext?.get(key) ?? ''
      : (exchange) => exchange.backendContext?.get(key) ?? ''
  }
  switch (short) {
    case 'sourceIp':
      return (exchange) => exchange.sourceAddress
    case 'stage':
      return utf8Bytes(stage)
    case 'apiId':
      return publication.apiId
    case 'apiName':
      return utf8Bytes(publication.definition.name)
    case 'appId':
      return (exchange) => exchange.caller?.appId ?? ''
    case 'appName':
      return (exchange) => utf8Bytes(exchange.caller?.appName ?? '')
    case 'requestId':
      return (exchange) => exchange.requestId
    case 'serverAddr':
      return server.address
    case 'serverName':
      return server.name
    case 'cacheStatus':
      return (exchange) => exchange.cacheStatus
    case 'handleTime':
      return (exchange) => new Date(exchange.receivedAt).toISOString()
    // Of the member that is called, where a channel has groups.
    case 'member_group_id':
      return (exchange) => exchange.memberGroup?.id ?? ''
    case 'member_group_name':
      return (exchange) => utf8Bytes(exchange.memberGroup?.name ?? '')
    default:
      return ''
  }
}
