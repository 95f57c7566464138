/**
 * Makes what registries tell the members of the channels that name them (backends.md §3.4). Each control process follows
 * for itself and writes what it finds under the lock of the instance: of several that know the same, one changes
 * something, and the others find it done. While a registry does not answer, its channels stay as they are.
 */
import type { Vault } from '../../config/vault.js'
import { Backoff, pause } from '../../registries/backoff.js'
import { follow, type RegistryAccess } from '../../registries/follow.js'
import { showsPassword } from '../../registries/nacos/nacos-client.js'
import { reasonOf, type Following, type Instance } from '../../registries/registry.js'
import { groupsOfChannel } from '../../store/channel-groups.js'
import { deleteMembers, membersOfChannel, saveMembers } from '../../store/channel-members.js'
import { changedParts, currentRevision } from '../../store/snapshot.js'
import type { Database, Store } from '../../store/store.js'
import { findChannel, microserviceChannels, type VpcChannel } from '../../store/vpc-channels.js'
import { newId } from '../call.js'
import { limitOf } from '../quotas.js'
import type { RegistryStates } from '../vpc-channels/registry-status.js'
import { noteChannel } from '../vpc-channels/rules.js'
import { planFound, type FoundMembers } from './found-members.js'
import { targetOf } from './registry-target.js'

interface Log {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface RegistryFollowersOptions {
  readonly store: Store
  readonly vault: Vault
  readonly clock: () => number
  readonly log: Log
  /** Whom to ask, and how. */
  readonly access: RegistryAccess
  /** Milliseconds for which changes are collected before they are written. */
  readonly settle?: number
  /** Milliseconds after which channels are looked for that another process has changed. */
  readonly refreshEvery?: number
}

interface Followed {
  channel: VpcChannel
  /** What is followed, as text. */
  readonly target: string
  following: Following | undefined
  /** As they were told last; undefined while nothing is known, or nothing new. */
  instances: readonly Instance[] | undefined
  failure: string | undefined
  isDue: boolean
  work: Promise<void> | undefined
}

const SETTLE = 100
const REFRESH = 30_000

export class RegistryFollowers implements RegistryStates {
  readonly #followed = new Map<string, Followed>()
  readonly #stopping = new AbortController()
  #refreshing: Promise<void> | undefined
  #isStale = false
  /** Of the database, when channels were last looked at. */
  #revision = 0
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly options: RegistryFollowersOptions) {}

  isFailing(channelId: string): boolean {
    return this.#followed.get(channelId)?.failure !== undefined
  }

  /** Resolves when all channels that have a registry are followed. */
  async start(): Promise<void> {
    this.options.store.onRevision(() => this.#refresh())
    this.#timer = setInterval(() => this.#refresh(), this.options.refreshEvery ?? REFRESH).unref()
    this.#refresh()
    await this.#refreshing
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    clearInterval(this.#timer)
    await this.#refreshing
    await Promise.all([...this.#followed.keys()].map((id) => this.#leave(id)))
  }

  #refresh(): void {
    this.#isStale = true
    if (this.#refreshing !== undefined || this.#stopping.signal.aborted) return
    this.#refreshing = this.#refreshWhileStale()
  }

  async #refreshWhileStale(): Promise<void> {
    const backoff = new Backoff({ firstDelay: 1_000, longestDelay: 30_000 })
    while (this.#isStale && !this.#stopping.signal.aborted) {
      this.#isStale = false
      try {
        await this.#refreshOnce()
      } catch (error) {
        this.options.log.error({ err: error }, 'channels with registries cannot be read; it is tried again')
        this.#isStale = true
        await pause(backoff.failed(), this.#stopping.signal)
      }
    }
    // At once, not when the promise resolves: who comes in between would find it busy, and be forgotten.
    this.#refreshing = undefined
  }

  async #refreshOnce(): Promise<void> {
    const { revision, changed, channels } = await this.options.store.read(async (db) => ({
      revision: await currentRevision(db),
      changed: new Set(await changedParts(db, this.#revision)),
      channels: await microserviceChannels(db),
    }))
    const there = new Set(channels.map(({ id }) => id))
    await Promise.all([...this.#followed.keys()].filter((id) => !there.has(id)).map((id) => this.#leave(id)))
    for (const channel of channels) await this.#look(channel, changed.has(`channel:${channel.id}`))
    this.#revision = revision
  }

  /** @param hasChanged the channel, its groups or its members, by whomever */
  async #look(channel: VpcChannel, hasChanged: boolean): Promise<void> {
    const target = this.#targetText(channel)
    const known = this.#followed.get(channel.id)
    if (known !== undefined && known.target === target) {
      known.channel = channel
      if (hasChanged && known.instances !== undefined) this.#write(known)
      return
    }
    if (known !== undefined) await this.#leave(channel.id)
    if (target !== undefined) this.#follow(channel, target)
  }

  /** Undefined where there is nobody to ask. */
  #targetText(channel: VpcChannel): string | undefined {
    try {
      const target = targetOf(channel, this.options.vault)
      return target && JSON.stringify(target)
    } catch {
      // It is told when it is followed, once.
      return UNREADABLE
    }
  }

  #follow(channel: VpcChannel, target: string): void {
    const followed: Followed = {
      channel,
      target,
      following: undefined,
      instances: undefined,
      failure: undefined,
      isDue: false,
      work: undefined,
    }
    this.#followed.set(channel.id, followed)
    const found = (instances: readonly Instance[]): void => {
      if (followed.failure !== undefined || followed.instances === undefined)
        this.options.log.info({ ...about(channel), instances: instances.length }, 'a channel follows its registry')
      followed.failure = undefined
      followed.instances = instances
      this.#write(followed)
    }
    const failing = (reason: string): void => {
      if (followed.failure !== reason)
        this.options.log.warn(
          { ...about(channel), reason },
          'the registry of a channel does not tell of its instances: members stay as they are, and it is tried again',
        )
      followed.failure = reason
      followed.instances = undefined
    }
    try {
      const what = targetOf(channel, this.options.vault)
      if (what?.kind === 'nacos' && showsPassword(what))
        this.options.log.warn(
          about(channel),
          'the password for the Nacos of a channel goes over the network unencrypted',
        )
      if (what !== undefined) followed.following = follow(what, this.options.access, { found, failing })
    } catch (error) {
      failing(reasonOf(error))
    }
  }

  async #leave(id: string): Promise<void> {
    const followed = this.#followed.get(id)
    this.#followed.delete(id)
    await followed?.following?.stop()
    if (followed !== undefined) followed.instances = undefined
    await followed?.work
  }

  #write(followed: Followed): void {
    followed.isDue = true
    followed.work ??= this.#writeWhileDue(followed)
  }

  async #writeWhileDue(followed: Followed): Promise<void> {
    const { signal } = this.#stopping
    const backoff = new Backoff({ firstDelay: 1_000, longestDelay: 30_000 })
    let wait = this.options.settle ?? SETTLE
    while (followed.isDue && !signal.aborted) {
      await pause(wait, signal)
      followed.isDue = false
      wait = this.options.settle ?? SETTLE
      try {
        if (followed.instances !== undefined) await this.#writeOnce(followed, followed.instances)
      } catch (error) {
        const details = { ...about(followed.channel), err: error }
        this.options.log.error(details, 'members of a channel cannot be written; it is tried again')
        followed.isDue = true
        wait = backoff.failed()
      }
    }
    followed.work = undefined
  }

  async #writeOnce({ channel, target }: Followed, instances: readonly Instance[]): Promise<void> {
    const { store, log } = this.options
    // Most of what is told is known: nobody's writing waits for that.
    const seen = await store.read((db) => this.#plan(db, channel, target, instances))
    if (seen === undefined || isNothing(seen)) return
    const plan = await store.write([channel.instance_id], async ({ db, changed }) => {
      const planned = await this.#plan(db, channel, target, instances)
      if (planned === undefined || isNothing(planned)) return undefined
      await deleteMembers(db, planned.gone)
      await saveMembers(db, planned.saved)
      await noteChannel({ db, changed }, channel.id)
      return planned
    })
    if (plan === undefined) return
    const { saved, gone, beyond } = plan
    log.info({ ...about(channel), saved: saved.length, gone: gone.length }, 'members of a channel follow its registry')
    if (beyond > 0)
      log.warn({ ...about(channel), beyond }, 'a registry tells of more instances than a channel may have members')
  }

  /** Undefined when the channel is gone, or is told of by another registry by now. */
  async #plan(
    db: Database,
    { id, instance_id: instanceId }: VpcChannel,
    target: string,
    instances: readonly Instance[],
  ): Promise<FoundMembers | undefined> {
    const channel = await findChannel(db, instanceId, id)
    if (channel === undefined || this.#targetText(channel) !== target) return undefined
    const groups = await groupsOfChannel(db, id)
    const limit = await limitOf({ db, projectId: '', instanceId }, 'VPC_INSTANCE_NUM_LIMIT')
    const stamp = { now: this.options.clock(), newId }
    return planFound(instances, await membersOfChannel(db, id), { channel, groups }, limit, stamp)
  }
}

const UNREADABLE = 'unreadable'

const isNothing = ({ saved, gone }: FoundMembers): boolean => saved.length === 0 && gone.length === 0

const about = ({ id, name, instance_id }: VpcChannel) => ({ channel: id, name, instance: instance_id })
