/**
 * Feature `app_route` (routing.md §3.4): the APIs of auth_type APP that an app may call, whatever their groups, as calls
 * to an address of the gateway find them. A tree for each app and environment is made by the first call that needs it,
 * and then follows what is published; a changed app gets new ones.
 */
import type { KnownApp } from '../auth/apps.js'
import type { PublishedApi } from './published-api.js'
import { RouteTree } from './tree.js'

/** @returns `undefined` where the API is not published */
type Published = (apiId: string, environmentId: string) => PublishedApi | undefined

interface Entry {
  readonly app: KnownApp
  /** By the id of the environment. */
  readonly trees: Map<string, RouteTree<PublishedApi>>
}

export class AppRoutes {
  /** By the id of the app. */
  readonly #entries = new Map<string, Entry>()

  /** @param pathsAsSent feature `api_uri_no_escape`: paths are found as they were sent */
  constructor(
    private readonly published: Published,
    private readonly pathsAsSent: boolean,
  ) {}

  of(app: KnownApp, environmentId: string): RouteTree<PublishedApi> {
    const { id } = app.part
    let entry = this.#entries.get(id)
    if (entry?.app !== app) this.#entries.set(id, (entry = { app, trees: new Map() }))
    let tree = entry.trees.get(environmentId)
    if (tree === undefined) entry.trees.set(environmentId, (tree = this.#treeOf(app, environmentId)))
    return tree
  }

  /** To be called once for each API that is published, and `remove` when it no longer is. */
  add(api: PublishedApi): void {
    for (const tree of this.#treesWith(api)) tree.insert(api, this.#pathOf(api))
  }

  remove(api: PublishedApi): void {
    for (const tree of this.#treesWith(api)) tree.remove(api, this.#pathOf(api))
  }

  forget(appId: string): void {
    this.#entries.delete(appId)
  }

  #treeOf(app: KnownApp, environmentId: string): RouteTree<PublishedApi> {
    const tree = new RouteTree<PublishedApi>()
    for (const authorization of app.part.authorizations) {
      const [apiId = '', where] = authorization.split('/')
      const api = where === environmentId ? this.published(apiId, environmentId) : undefined
      if (api !== undefined && isFor(api)) tree.insert(api, this.#pathOf(api))
    }
    return tree
  }

  #pathOf(api: PublishedApi): string {
    return this.pathsAsSent ? api.pathAsSent : api.path
  }

  *#treesWith(api: PublishedApi): Generator<RouteTree<PublishedApi>> {
    if (!isFor(api)) return
    const { apiId, environmentId } = api.part
    for (const { app, trees } of this.#entries.values()) {
      const tree = trees.get(environmentId)
      if (tree !== undefined && app.mayCall(`${apiId}/${environmentId}`)) yield tree
    }
  }
}

const isFor = ({ part }: PublishedApi): boolean => part.definition.auth_type === 'APP'
