/** What a third-party authorizer is sent of a request (authentication.md §6). */
import type { PluginContent } from '../../snapshot/plugin-contents/index.js'
import { DEPTH_HEADER, depthOf } from '../backends/forward-depth.js'
import { isWritableHeader } from '../backends/header-lines.js'
import { queryPieces } from '../backends/query.js'
import type { Exchange } from '../exchange.js'
import { encodePathTail, percentDecode } from '../percent-encoding.js'

type Content = PluginContent<'third_auth'>

export interface AuthorizerRequest {
  readonly target: string
  /** Names and values in turn, without Host. */
  readonly headers: string[]
}

/** `undefined` when an identity that the plug-in names is missing. */
export type MakeAuthorizerRequest = (exchange: Exchange) => AuthorizerRequest | undefined

export function compileAuthorizerRequest(content: Content, pathsAsSent: boolean): MakeAuthorizerRequest {
  const { identities, auth_request: called, carry_path_enabled: carriesPath, carry_body: body } = content
  const headers = (identities?.headers ?? []).map(({ name }) => name.toLowerCase())
  const queries = [...(identities?.queries ?? []), ...(identities?.query ?? [])].map(({ name }) => name)
  const sendsAll = headers.length === 0 && queries.length === 0
  const sentHeaders = new Set(body?.enabled === true ? [...headers, 'content-type'] : headers)
  const sentQueries = new Set(queries)
  const question = called.path.indexOf('?')
  const [path, fixed] =
    question === -1 ? [called.path, ''] : [called.path.slice(0, question), called.path.slice(question + 1)]

  function pathFor(sent: string): string {
    if (carriesPath !== true) return path
    const carried = pathsAsSent ? sent : encodePathTail(percentDecode(sent) ?? sent)
    return `${path.replace(/\/$/, '')}${carried}`
  }

  return ({ head }) => {
    const pieces = queries.length === 0 ? [] : queryPieces(head.query)
    if (headers.some((name) => !head.header(name))) return undefined
    if (queries.some((name) => !pieces.some((piece) => piece.name === name && piece.value !== ''))) return undefined
    const chosen = pieces.filter(({ name }) => sentQueries.has(name)).map(({ text }) => text)
    const query = [fixed, ...(sendsAll ? [head.query] : chosen)].filter((piece) => piece !== '').join('&')
    const sent: string[] = []
    head.eachHeader((name, value) => {
      const lower = name.toLowerCase()
      if (sendsAll ? mayGoOn(lower) : sentHeaders.has(lower)) sent.push(name, value)
    })
    // An authorizer behind the API that it guards would be asked for ever.
    sent.push('X-Apig-Forward-Depth', String(depthOf(head.header(DEPTH_HEADER)) + 1))
    return { target: `${pathFor(head.path)}${query === '' ? '' : `?${query}`}`, headers: sent }
  }
}

function mayGoOn(name: string): boolean {
  return name !== 'host' && name !== DEPTH_HEADER && isWritableHeader(name)
}
