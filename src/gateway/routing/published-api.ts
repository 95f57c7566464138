/** A publication as the tree keeps it: what it matches, and its route, compiled by the first request that needs it. */
import type { PublicationPart } from '../../snapshot/parts.js'
import { encodeLiteral, percentDecode, utf8Bytes } from '../percent-encoding.js'
import type { Route } from './route.js'
import { isPlaceholder, placeholdersOf, type Matchable } from './tree.js'

export class PublishedApi implements Matchable {
  readonly apiId: string
  readonly path: string
  readonly method: string
  readonly prefix: boolean
  readonly placeholders: readonly string[]
  #route: Route | undefined

  constructor(
    readonly part: PublicationPart,
    private readonly compile: (api: PublishedApi) => Route,
    /** Answers preflights of the API: it is found by OPTIONS on the same path. */
    preflight = false,
  ) {
    const { req_method, match_mode } = part.definition
    const path = definedPath(part)
    this.apiId = part.apiId
    this.path = utf8Bytes(percentDecode(path) ?? path)
    this.method = preflight ? 'OPTIONS' : req_method
    this.prefix = match_mode === 'SWA'
    this.placeholders = placeholdersOf(this.path)
  }

  /** What paths are compared with that are not decoded: the path as a client writes it. */
  get pathAsSent(): string {
    const segments = definedPath(this.part).split('/')
    return segments.map((segment) => (isPlaceholder(segment) ? segment : encodeLiteral(segment))).join('/')
  }

  get route(): Route {
    return (this.#route ??= this.compile(this))
  }

  /** Something that the route was compiled from has changed. */
  forget(): void {
    this.#route = undefined
  }
}

function definedPath({ definition: { req_uri } }: PublicationPart): string {
  return req_uri.startsWith('/') ? req_uri : `/${req_uri}`
}
