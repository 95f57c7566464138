/** A load balance channel and its members as a process knows them (backends.md §3). */
import type { ChannelGroup, ChannelMember, ChannelPart } from '../../snapshot/parts.js'
import type { Load, Origin } from '../exchange.js'
import type { RefusalName } from '../responses/catalogue.js'
import { algorithms } from './balancing/algorithms.js'
import type { Asked, Candidate, Choose } from './balancing/balancer.js'
import { hashOf } from './balancing/rendezvous.js'
import type { HealthChecks, Owner, Watch } from './health.js'
import type { Origins } from './origins.js'

export class Member implements Candidate {
  readonly weight: number
  readonly seed: number
  readonly port: number
  readonly backup: boolean
  readonly groupId: string | undefined
  #plain: Origin | undefined
  #tls: Origin | undefined

  constructor(
    readonly part: ChannelMember,
    readonly group: ChannelGroup | undefined,
    readonly watch: Watch | undefined,
    /** Outlives the member: calls that are under way when it changes end at the count that they began with. */
    readonly load: Load,
    private readonly origins: Origins,
  ) {
    this.weight = part.weight
    this.port = part.port
    this.backup = part.backup
    this.groupId = part.groupId
    this.seed = hashOf(`${part.host}:${part.port}`)
  }

  /** As it is written in a Host header. */
  get host(): string {
    const { host, port } = this.part
    return `${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  get isHealthy(): boolean {
    return this.watch?.isHealthy ?? true
  }

  origin({ tls, http2, identity }: Pick<Origin, 'tls' | 'http2' | 'identity'>): Origin {
    const { host, port } = this.part
    const name = host.toLowerCase()
    if (http2 === true || identity !== undefined)
      return this.origins.of(name, port, tls, { http2: http2 ?? false, identity })
    // What nearly all calls need is looked up once.
    if (tls) return (this.#tls ??= this.origins.of(name, port, true))
    return (this.#plain ??= this.origins.of(name, port, false))
  }
}

/** Routes hold on to a channel whatever becomes of it: what is published refers to channels by id. */
export class Channel {
  #part: ChannelPart | undefined
  #members: readonly Member[] = []
  /** Changes with whatever choosing depends on. */
  version = 0

  constructor(
    private readonly origins: Origins,
    private readonly checks: HealthChecks,
  ) {}

  /** `undefined` when there is no such channel. */
  get part(): ChannelPart | undefined {
    return this.#part
  }

  get members(): readonly Member[] {
    return this.#members
  }

  /** Members that stay keep the calls that they have, and what is known of their health. */
  put(part: ChannelPart, owner: Owner): void {
    const groups = new Map(part.groups.map((group) => [group.id, group]))
    this.#replace(
      part,
      part.members.map((member) => this.#member(part.id, member, groups.get(member.groupId ?? ''), owner)),
    )
  }

  remove(): void {
    this.#replace(undefined, [])
  }

  #replace(part: ChannelPart | undefined, members: readonly Member[]): void {
    const before = this.#members
    this.#part = part
    this.#members = members
    // What is watched still is watched again by now, so that no check of a member that stays begins anew.
    for (const { watch } of before) watch?.stop()
    this.version++
  }

  #member(channelId: string, part: ChannelMember, group: ChannelGroup | undefined, owner: Owner): Member {
    const watch = this.checks.watch(channelId, part, owner, () => this.version++)
    const same = this.#members.find((old) => old.part.id === part.id && old.groupId === part.groupId)
    return new Member(part, group, watch, same?.load ?? { active: 0 }, this.origins)
  }
}

const NOBODY: readonly Load[] = []

/** Choosing among the members of a channel, or of some of its groups. */
export class Selection {
  #version = -1
  #choose: Choose<Member> | RefusalName = 'APIG.0609'

  /** @param groupIds absent: all members, whatever their group */
  constructor(
    private readonly channel: Channel,
    private readonly groupIds?: ReadonlySet<string>,
  ) {}

  /** @param excluded members that were tried already */
  choose(asked: Asked, excluded = NOBODY): Member | RefusalName {
    if (this.#version !== this.channel.version) this.#prepare()
    if (typeof this.#choose === 'string') return this.#choose
    const member = this.#choose(asked, excluded)
    if (member === undefined) return 'APIG.0610'
    return member.port === 0 ? 'APIG.0611' : member
  }

  #prepare(): void {
    this.#version = this.channel.version
    this.#choose = this.#choice()
  }

  #choice(): Choose<Member> | RefusalName {
    const { part, members } = this.channel
    const { groupIds } = this
    if (part === undefined) return 'APIG.0609'
    if (groupIds !== undefined && !part.groups.some(({ id }) => groupIds.has(id))) return 'APIG.0108'
    const able = members.filter(
      ({ groupId, weight, isHealthy }) =>
        weight > 0 && isHealthy && (groupIds === undefined || (groupId !== undefined && groupIds.has(groupId))),
    )
    const normal = able.filter(({ backup }) => !backup)
    const called = normal.length > 0 ? normal : able
    return called.length === 0 ? 'APIG.0610' : algorithms[part.balancing](called)
  }
}
