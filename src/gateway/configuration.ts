/**
 * All that a gateway knows, indexed for the questions that requests ask. Updates change it in place, between two
 * requests: what an update costs depends on what it holds, not on how much is known already, and a route is compiled
 * by the first request after something that it depends on has changed.
 *
 * Several instances can share a gateway: the debugging domain of a group carries its id and is unique. A Host that is
 * an address leads to the group DEFAULT of the oldest instance that has one.
 */
import {
  partKey,
  type CertificatePart,
  type GroupPart,
  type Part,
  type PartKey,
  type PublicationPart,
  type Update,
} from '../snapshot/parts.js'
import type { LogStreams } from '../telemetry/log-streams.js'
import type { IdentitySource } from '../snapshot/identities.js'
import type { IamCallers } from './auth/iam.js'
import { Identities } from './auth/identities.js'
import { NamedApis } from './auth/oidc/named-apis.js'
import { KeyFailures } from './auth/key-failures.js'
import type { LoginPlaces } from './auth/plugin-auth.js'
import type { TokenIssuer } from './auth/token-endpoint.js'
import type { Exchange } from './exchange.js'
import { debugDomainCounters } from './policies/debug-domain.js'
import { AppRoutes } from './routing/app-routes.js'
import { compileRoute, type Surroundings } from './routing/compile-route.js'
import { Domains, type HostBinding } from './routing/domains.js'
import { Group } from './routing/group.js'
import { hostName, type InboundAddresses } from './routing/host.js'
import { customPorts, type CustomPorts } from './routing/ingress-ports.js'
import { Instance } from './routing/instance.js'
import { PublishedApi } from './routing/published-api.js'
import type { Route } from './routing/route.js'
import type { Match } from './routing/tree.js'
import { TlsProfiles, type TlsProfile } from './tls/profile.js'

export interface ConfigurationOptions extends Surroundings {
  /** Calls a day through the debugging domains of one group; `off`: any number. */
  readonly debugDomainLimit: number | 'off'
  readonly inbound: InboundAddresses
  /** Where instances have access logs of their own. */
  readonly logStreams?: LogStreams | undefined
  /** Who knows callers of IAM. */
  readonly identities?: IdentitySource | undefined
}

/** What a call without a domain asks for. */
interface AppCall {
  /** As sent, with or without port. */
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly appKey: string
  readonly stage: string
  /** See matchablePath. */
  readonly path: string
  readonly pathAsSent: string
  readonly method: string
}

export class Configuration {
  readonly #parts = new Map<PartKey, Part>()
  readonly #instances = new Map<string, Instance>()
  readonly #groups = new Map<string, Group>()
  readonly #apis = new Map<PartKey, PublishedApi>()
  /** What answers preflights of APIs with the CORS plug-in, beside each of them. */
  readonly #preflights = new Map<PublishedApi, PublishedApi>()
  /** APIs by the parts that their routes are compiled from beside their own, known or not. */
  readonly #dependents = new Map<PartKey, Set<PublishedApi>>()
  /** Debugging domains. */
  readonly #subDomains = new Map<string, HostBinding>()
  readonly #domains = new Domains()
  readonly #certificates = new Map<string, CertificatePart>()
  readonly #tls = new TlsProfiles(this.#certificates)
  /** On which the gateway itself listens for HTTPS; 443 until it does. */
  httpsPort = 443
  readonly #ownPorts = new Set<number>()
  #ports: CustomPorts = customPorts([], this.#ownPorts)
  #trusted: ReadonlyMap<string, HostBinding> = new Map()
  #inboundGroup: HostBinding | undefined
  /** Instances whose apps get tokens, by the path at which they do. */
  readonly #tokenIssuers = new Map<string, TokenIssuer[]>()
  /** Of instances with the feature `app_route`, the oldest first. */
  #appRoutes: ReadonlyMap<Instance, AppRoutes> = new Map()
  readonly #namedApis = new NamedApis()
  readonly #iam: IamCallers
  #revision = -1

  constructor(private readonly options: ConfigurationOptions) {
    this.#iam = { identities: new Identities(options.identities), failures: new KeyFailures() }
  }

  /** Of the last update; −1 before the first. */
  get revision(): number {
    return this.#revision
  }

  /** What it is made of. */
  get parts(): ReadonlyMap<PartKey, Part> {
    return this.#parts
  }

  apply(update: Update): void {
    const removed = new Set(update.remove)
    if (update.reset) {
      for (const key of this.#parts.keys()) removed.add(key)
      for (const part of update.put) removed.delete(partKey(part))
    }
    for (const key of removed) this.#remove(key)
    for (const part of update.put) this.#put(part)
    const touched = [...removed, ...update.put.map(partKey)]
    if (touched.some((key) => key.startsWith('instance:'))) {
      for (const group of this.#groups.values()) group.followInstance()
      this.#retainLogStreams()
    }
    if (touched.some((key) => key.startsWith('instance:') || key.startsWith('group:'))) {
      this.#findDefaultGroups()
      this.#findCustomPorts()
      this.#findTokenIssuers()
    }
    if (touched.some((key) => key.startsWith('instance:'))) this.#findAppRoutes()
    if (touched.some((key) => key.startsWith('instance:') || key.startsWith('certificate:'))) this.#tls.forget()
    // Who counts may have changed: what this process has counted for itself has to be known by then.
    if (touched.some((key) => key.startsWith('instance:') || key.startsWith('plugin:')))
      this.options.limiter.tellLocal?.()
    this.#revision = update.revision
  }

  /**
   * @param host as sent, with or without port
   * @param port on which the request came in, by TLS or not
   */
  hostBinding(host: string, port = 80, secure = false): HostBinding | undefined {
    const name = hostName(host)
    const binding = this.#domainBinding(name, port, secure)
    if (binding !== undefined) return binding
    return this.options.inbound.has(name) ? this.#inboundGroup : this.#trusted.get(name)
  }

  /** Whether any call can find its API by who calls. */
  get routesByApp(): boolean {
    return this.#appRoutes.size > 0
  }

  /**
   * The API that a call to an address of the gateway means, among those of all groups that the app may call
   * (feature `app_route`).
   */
  apiOfApp(
    { host, port, secure, appKey, stage, path, pathAsSent, method }: AppCall,
    match: Match,
  ): { readonly api: PublishedApi; readonly binding: HostBinding } | undefined {
    const name = hostName(host)
    // Addresses of the gateway can be names, and those can be domains too.
    if (this.#domainBinding(name, port, secure) !== undefined) return undefined
    const isInbound = this.options.inbound.has(name)
    for (const [instance, routes] of this.#appRoutes) {
      if (!isInbound && !instance.features.trustedHosts.includes(name)) continue
      const app = instance.apps.withKey(appKey)
      const environmentId = instance.environmentId(stage)
      const sought = instance.features.pathsAsSent ? pathAsSent : path
      const api = app && environmentId && routes.of(app, environmentId).find(sought, method, match)
      const group = api && this.#groups.get(api.part.groupId)
      if (group) return { api, binding: { group, debugging: false } }
    }
    return undefined
  }

  #domainBinding(name: string, port: number, secure: boolean): HostBinding | undefined {
    // No domain of a group is a debugging domain: the order of the two is one of frequency.
    return this.#subDomains.get(name) ?? this.#domains.find(name, port, secure, this.#ports.open.has(port))
  }

  /** With what a client is served that names this server when it connects; an empty name is none. */
  tlsProfile(serverName: string, port: number): TlsProfile {
    const name = hostName(serverName)
    const domains = this.#domains
    return this.#tls.of(
      this.#subDomains.get(name) ??
        domains.find(name, port, true, this.#ports.open.has(port)) ??
        domains.findOnAnyPort(name),
    )
  }

  /** What client certificates of a domain are verified with. */
  trustedRoots(binding: HostBinding): string | undefined {
    return this.#tls.of(binding).trustedRoots
  }

  /** Counts a request that no route has. */
  recordUnmatched(exchange: Exchange): void {
    this.options.statistics.recordUnmatched(exchange)
  }

  /** Where instances ask to be listened for beside the gateway's own ports. */
  get ports(): CustomPorts {
    return this.#ports
  }

  /** The gateway listens on this port whatever instances ask for. */
  reservePort(port: number): void {
    this.#ownPorts.add(port)
    this.#findCustomPorts()
  }

  /** Those whose apps get their tokens at this path; `undefined` where it is a path like any other. */
  tokenIssuers(path: string): readonly TokenIssuer[] | undefined {
    return this.#tokenIssuers.size === 0 ? undefined : this.#tokenIssuers.get(path)
  }

  #put(part: Part): void {
    const key = partKey(part)
    const before = this.#parts.get(key)
    // A channel goes on with what it knows of the members that stay.
    if (before !== undefined && before.kind !== 'channel') this.#withdraw(key, before)
    this.#parts.set(key, part)
    switch (part.kind) {
      case 'instance':
        this.#instance(part.id).part = part
        break
      case 'group':
        this.#putGroup(part)
        break
      case 'publication': {
        const api = new PublishedApi(part, (one) => this.#compile(one))
        this.#apis.set(key, api)
        this.#appRoutes.get(this.#instance(part.instanceId))?.add(api)
        if (part.signature !== undefined) this.#instance(part.instanceId).publicKeys.add(part.signature)
        this.#group(part.groupId, part.instanceId).add(api)
        for (const other of dependenciesOf(part)) remember(this.#dependents, other, () => new Set()).add(api)
        this.#setPreflight(api)
        break
      }
      case 'app':
        this.#instance(part.instanceId).apps.put(part)
        break
      case 'throttle':
      case 'authorizer':
        this.#forgetDependents(key)
        break
      case 'plugin':
        this.#forgetDependents(key)
        this.#forgetApis(this.#namedApis.put(part))
        break
      case 'channel':
        this.options.channels.put(part, this.#instance(part.instanceId))
        break
      case 'certificate':
        this.#certificates.set(part.id, part)
        break
    }
  }

  #remove(key: PartKey): void {
    const part = this.#parts.get(key)
    if (part === undefined) return
    this.#parts.delete(key)
    this.#withdraw(key, part)
    // What circuits have counted outlives a change, not what it was counted for.
    if (part.kind === 'plugin') this.options.circuits.remove(part.id)
    if (part.kind === 'publication')
      for (const id of part.pluginIds ?? []) this.options.circuits.remove(id, `${part.apiId}/${part.environmentId}`)
    if (part.kind === 'group' || part.kind === 'publication') {
      const id = part.kind === 'group' ? part.id : part.groupId
      if (this.#groups.get(id)?.isEmpty === true) this.#groups.delete(id)
    }
  }

  /** Undoes what putting a part did. */
  #withdraw(key: PartKey, part: Part): void {
    switch (part.kind) {
      case 'instance':
        this.#instance(part.id).part = undefined
        this.#forgetRoutesOf(part.id)
        break
      case 'group': {
        const group = this.#groups.get(part.id)
        if (group !== undefined) {
          group.part = undefined
          for (const domain of part.domains ?? []) this.#domains.remove(group, domain)
        }
        for (const domain of part.subDomains) {
          const name = hostName(domain)
          if (this.#subDomains.get(name)?.group === group) this.#subDomains.delete(name)
        }
        break
      }
      case 'publication': {
        const api = this.#apis.get(key)
        if (api === undefined) break
        this.#apis.delete(key)
        this.#appRoutes.get(this.#instance(part.instanceId))?.remove(api)
        if (part.signature !== undefined) this.#instance(part.instanceId).publicKeys.remove(part.signature)
        this.#groups.get(part.groupId)?.remove(api)
        for (const other of dependenciesOf(part)) this.#undepend(other, api)
        this.#removePreflight(api)
        break
      }
      case 'app':
        this.#instance(part.instanceId).apps.remove(part)
        this.#appRoutes.get(this.#instance(part.instanceId))?.forget(part.id)
        break
      case 'throttle':
      case 'authorizer':
        this.#forgetDependents(key)
        break
      case 'plugin':
        this.#forgetDependents(key)
        this.#forgetApis(this.#namedApis.remove(part))
        this.options.kafka.remove(part.id)
        break
      case 'channel':
        this.options.channels.remove(part.id)
        break
      case 'certificate':
        this.#certificates.delete(part.id)
        break
    }
  }

  #putGroup(part: GroupPart): void {
    const group = this.#group(part.id, part.instanceId)
    group.part = part
    for (const domain of part.domains ?? []) this.#domains.put(group, domain)
    if (!part.subDomainEnabled) return
    for (const domain of part.subDomains) this.#subDomains.set(hostName(domain), { group, debugging: true })
  }

  #compile(api: PublishedApi): Route {
    const { part, placeholders } = api
    const instance = this.#instance(part.instanceId)
    const { features, callers, apps } = instance
    const throttle = part.throttleId === undefined ? undefined : this.#part('throttle', part.throttleId)
    const plugins = part.pluginIds?.map((id) => this.#part('plugin', id))
    const stage = instance.stageOf(part.environmentId)
    const { options } = this
    return compileRoute(
      part,
      placeholders,
      {
        ...{ stage, features, callers, apps, iam: this.#iam, throttle, plugins, logins: this.#loginsOf(part) },
        authorizer: (id) => this.#part('authorizer', id),
      },
      options,
    )
  }

  #loginsOf({ apiId, environmentId }: PublicationPart): LoginPlaces {
    return {
      roles: this.#namedApis.rolesOf(apiId),
      publication: (id) => this.#apis.get(`publication:${id}/${environmentId}`)?.part,
      httpsPort: () => this.httpsPort,
    }
  }

  #part<Kind extends Part['kind']>(kind: Kind, id: string): PartOf<Kind> | undefined {
    return this.#parts.get(`${kind}:${id}`) as PartOf<Kind> | undefined
  }

  #instance(id: string): Instance {
    return remember(this.#instances, id, () => new Instance(id))
  }

  #group(id: string, instanceId: string): Group {
    return remember(this.#groups, id, () => {
      const limit = this.options.debugDomainLimit
      const counters = limit === 'off' ? undefined : debugDomainCounters(id, limit)
      return new Group(id, this.#instance(instanceId), counters)
    })
  }

  #undepend(key: PartKey, api: PublishedApi): void {
    const dependents = this.#dependents.get(key)
    dependents?.delete(api)
    if (dependents?.size === 0) this.#dependents.delete(key)
  }

  /** Something that routes are compiled from has changed. */
  #forgetDependents(key: PartKey): void {
    for (const api of this.#dependents.get(key) ?? []) {
      api.forget()
      if (key.startsWith('plugin:')) this.#setPreflight(api)
    }
  }

  /** An API with the CORS plug-in has its preflights answered on its path (policies.md §5.2). */
  #setPreflight(api: PublishedApi): void {
    const { method, part } = api
    const isWanted =
      method !== 'OPTIONS' &&
      method !== 'ANY' &&
      part.pluginIds?.some((id) => this.#part('plugin', id)?.type === 'cors') === true
    const known = this.#preflights.get(api)
    if (!isWanted) {
      this.#removePreflight(api)
    } else if (known === undefined) {
      const preflight = new PublishedApi(part, (one) => this.#compile(one), true)
      this.#preflights.set(api, preflight)
      this.#group(part.groupId, part.instanceId).add(preflight)
    } else {
      known.forget()
    }
  }

  #removePreflight(api: PublishedApi): void {
    const preflight = this.#preflights.get(api)
    if (preflight === undefined) return
    this.#preflights.delete(api)
    this.#groups.get(api.part.groupId)?.remove(preflight)
  }

  #forgetApis(ids: readonly string[]): void {
    if (ids.length > 0) for (const api of this.#apis.values()) if (ids.includes(api.part.apiId)) api.forget()
  }

  #forgetRoutesOf(instanceId: string): void {
    for (const api of [...this.#apis.values(), ...this.#preflights.values()])
      if (api.part.instanceId === instanceId) api.forget()
  }

  #findDefaultGroups(): void {
    const defaults = new Map<string, HostBinding>()
    for (const group of this.#groups.values()) {
      if (group.part?.isDefault === true) defaults.set(group.instance.id, { group, debugging: false })
    }
    const trusted = new Map<string, HostBinding>()
    this.#inboundGroup = undefined
    for (const { id, features } of oldestFirst(this.#instances.values())) {
      const binding = defaults.get(id)
      if (binding === undefined) continue
      this.#inboundGroup ??= binding
      for (const host of features.trustedHosts) if (!trusted.has(host)) trusted.set(host, binding)
    }
    this.#trusted = trusted
  }

  #retainLogStreams(): void {
    const wanted = Array.from(this.#instances.values(), ({ callers }) => callers.logStream)
    this.options.logStreams?.retain(new Set(wanted.filter((stream) => stream !== undefined)))
  }

  #findTokenIssuers(): void {
    this.#tokenIssuers.clear()
    for (const { apps, callers } of oldestFirst(this.#instances.values())) {
      const feature = callers.modes.token
      if (feature !== undefined) remember(this.#tokenIssuers, feature.path, () => []).push({ apps, feature })
    }
  }

  #findAppRoutes(): void {
    const published = (apiId: string, environmentId: string) => this.#apis.get(`publication:${apiId}/${environmentId}`)
    const routing = oldestFirst(this.#instances.values()).filter(({ callers }) => callers.routesByApp)
    this.#appRoutes = new Map(
      routing.map((instance) => [instance, new AppRoutes(published, instance.features.pathsAsSent)]),
    )
  }

  #findCustomPorts(): void {
    const parts = oldestFirst(this.#instances.values()).flatMap(({ part }) => part ?? [])
    this.#ports = customPorts(parts, this.#ownPorts)
  }
}

type PartOf<Kind extends Part['kind']> = Extract<Part, { kind: Kind }>

/** Parts that a route is compiled from, beside its publication and its instance. */
function dependenciesOf({ throttleId, pluginIds = [], definition }: PublicationPart): PartKey[] {
  const places = [definition, definition.backend, ...definition.policies.map(({ backend }) => backend)]
  const authorizers = new Set(places.flatMap(({ authorizer_id: id }) => id ?? []))
  const keys = [
    ...pluginIds.map((id): PartKey => `plugin:${id}`),
    ...Array.from(authorizers, (id): PartKey => `authorizer:${id}`),
  ]
  return throttleId === undefined ? keys : [`throttle:${throttleId}`, ...keys]
}

/** Those that are known themselves; of two that are equally old the one whose id comes first. */
function oldestFirst(instances: Iterable<Instance>): Instance[] {
  const age = ({ part }: Instance): number => part?.createdAt ?? 0
  return Array.from(instances)
    .filter(({ part }) => part !== undefined)
    .sort((a, b) => age(a) - age(b) || (a.id < b.id ? -1 : 1))
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
