/** An API group: its published APIs by environment. */
import type { Counter } from '../../limits/limiter.js'
import { draftEnvironment, type GroupDomain, type GroupPart } from '../../snapshot/parts.js'
import { ResponseSets } from '../responses/response-sets.js'
import type { Instance } from './instance.js'
import type { PublishedApi } from './published-api.js'
import { RouteTree } from './tree.js'

export class Group {
  #part: GroupPart | undefined
  /** How it answers errors; undefined: as by default. */
  responses: ResponseSets | undefined
  /** All its domains, where each of them verifies its callers; undefined: some do not, or there are none. */
  verifyingDomains: readonly GroupDomain[] | undefined
  readonly #trees = new Map<string, RouteTree<PublishedApi>>()
  #pathsAsSent: boolean

  constructor(
    readonly id: string,
    readonly instance: Instance,
    /** What the calls through its debugging domains are counted by; `undefined`: they are not. */
    readonly debugDomain: readonly Counter[] | undefined,
  ) {
    this.#pathsAsSent = instance.features.pathsAsSent
  }

  /** Absent while only publications of the group are known. */
  get part(): GroupPart | undefined {
    return this.#part
  }

  set part(part: GroupPart | undefined) {
    this.#part = part
    this.responses = part === undefined ? undefined : ResponseSets.of(part)
    const { domains = [] } = part ?? {}
    this.verifyingDomains =
      domains.length > 0 && domains.every(({ verifyClient }) => verifyClient) ? domains : undefined
  }

  /** Feature `api_uri_no_escape`: what `published` finds, it finds by paths as they were sent. */
  get pathsAsSent(): boolean {
    return this.#pathsAsSent
  }

  get isEmpty(): boolean {
    return this.part === undefined && this.#trees.size === 0
  }

  /** The APIs in an environment, by its name; `undefined` when there is no such environment, or nothing in it. */
  published(stage: string): RouteTree<PublishedApi> | undefined {
    return this.#trees.get(this.instance.environmentId(stage) ?? draftEnvironment(stage))
  }

  add(api: PublishedApi): void {
    const { environmentId } = api.part
    const tree = this.#trees.get(environmentId) ?? new RouteTree<PublishedApi>()
    this.#trees.set(environmentId, tree)
    tree.insert(api, this.#pathOf(api))
  }

  remove(api: PublishedApi): void {
    const { environmentId } = api.part
    const tree = this.#trees.get(environmentId)
    tree?.remove(api, this.#pathOf(api))
    if (tree?.size === 0) this.#trees.delete(environmentId)
  }

  /** The instance has changed: paths may be compared in another way from now on. */
  followInstance(): void {
    if (this.#pathsAsSent === this.instance.features.pathsAsSent) return
    this.#pathsAsSent = !this.#pathsAsSent
    for (const [environmentId, before] of this.#trees) {
      const tree = new RouteTree<PublishedApi>()
      for (const api of before) tree.insert(api, this.#pathOf(api))
      this.#trees.set(environmentId, tree)
    }
  }

  #pathOf(api: PublishedApi): string {
    return this.#pathsAsSent ? api.pathAsSent : api.path
  }
}
