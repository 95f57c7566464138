/** A publication as the tree keeps it: what it matches, and its route, compiled by the first request that needs it. */
import type { PublicationPart } from '../../snapshot/parts.js'
import { percentDecode, utf8Bytes } from '../percent-encoding.js'
import type { Route } from './route.js'
import { placeholdersOf, type Matchable } from './tree.js'

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
    const { req_uri, req_method, match_mode } = part.definition
    const path = req_uri.startsWith('/') ? req_uri : `/${req_uri}`
    this.apiId = part.apiId
    this.path = utf8Bytes(percentDecode(path) ?? path)
    this.method = preflight ? 'OPTIONS' : req_method
    this.prefix = match_mode === 'SWA'
    this.placeholders = placeholdersOf(this.path)
  }

  get route(): Route {
    return (this.#route ??= this.compile(this))
  }

  /** Something that the route was compiled from has changed. */
  forget(): void {
    this.#route = undefined
  }
}
