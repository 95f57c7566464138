/**
 * Active checks of members (backends.md §3.3). One address that is checked in one way is checked once, however many
 * channels have it for a member. Members begin healthy; results in a row change that. Nothing is kept alive by a check,
 * and nothing is checked that nobody watches.
 */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import type { ChannelMember, HealthCheck } from '../../snapshot/parts.js'
import type { MemberState } from '../../telemetry/member-states.js'
import type { AddressSet } from '../address-set.js'
import type { BackendIdentity } from '../exchange.js'
import { encodePathValue, utf8Bytes } from '../percent-encoding.js'
import { guardedLookup } from './guarded-lookup.js'
import { hostHeader } from './origins.js'

/** What the health of one member is known by. */
export interface Watch {
  readonly isHealthy: boolean
  stop(): void
}

/** The instance that a member belongs to: what it shows of itself where a check asks for a certificate. */
export interface Owner {
  readonly id: string
  readonly features: { readonly backendIdentity: BackendIdentity | undefined }
}

export class HealthChecks {
  readonly #subjects = new Map<string, Subject>()
  readonly #lookup: net.LookupFunction

  constructor(private readonly forbidden: AddressSet) {
    this.#lookup = guardedLookup(forbidden)
  }

  /**
   * Checks a member until `stop`; `undefined` for one that is not to be checked.
   *
   * @param changed called when it has turned healthy or unhealthy
   */
  watch(
    channelId: string,
    { id, host, port, check }: ChannelMember,
    owner: Owner,
    changed: () => void,
  ): Watch | undefined {
    if (check === undefined || (check.port === 0 && port === 0)) return undefined
    const checked = check.port === 0 ? port : check.port
    const key = JSON.stringify([host, checked, check, check.clientCertificate ? owner.id : ''])
    let subject = this.#subjects.get(key)
    if (subject === undefined) {
      const identity = () => (check.clientCertificate ? owner.features.backendIdentity : undefined)
      const probe = () =>
        this.#isForbidden(host)
          ? Promise.resolve(false)
          : attempt({ host, port: checked, check, identity: identity(), lookup: this.#lookup })
      subject = new Subject(check, probe)
      this.#subjects.set(key, subject)
    }
    const watched = subject
    const watcher: Watcher = { channelId, memberId: id, address: hostHeader({ host, port }, 0), changed }
    watched.watchers.add(watcher)
    return {
      get isHealthy() {
        return watched.isHealthy
      },
      stop: () => {
        watched.watchers.delete(watcher)
        if (watched.watchers.size > 0) return
        watched.end()
        this.#subjects.delete(key)
      },
    }
  }

  /** What has been found so far; members that were not checked yet are left out. */
  states(): MemberState[] {
    return Array.from(this.#subjects.values()).flatMap((subject) =>
      subject.isChecked
        ? Array.from(subject.watchers, ({ channelId, memberId, address }) => ({
            ...{ channelId, memberId, address },
            healthy: subject.isHealthy,
          }))
        : [],
    )
  }

  close(): void {
    for (const subject of this.#subjects.values()) subject.end()
    this.#subjects.clear()
  }

  #isForbidden(host: string): boolean {
    return net.isIP(host) !== 0 && this.forbidden.has(host)
  }
}

/** Longest wait before the first check, in milliseconds: what is down shall be found soon, but not all at once. */
const FIRST = 1_000

interface Watcher extends Omit<MemberState, 'healthy'> {
  readonly changed: () => void
}

class Subject {
  readonly watchers = new Set<Watcher>()
  isHealthy = true
  isChecked = false
  /** Results in a row that speak against what is believed. */
  #against = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly check: HealthCheck,
    private readonly probe: () => Promise<boolean>,
  ) {
    this.#wait(Math.random() * Math.min(check.interval, FIRST))
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(delay: number): void {
    this.#timer = setTimeout(() => void this.#run(), delay)
    this.#timer.unref()
  }

  async #run(): Promise<void> {
    const begun = performance.now()
    const passed = await this.probe()
    if (this.#timer === undefined) return
    this.isChecked = true
    this.#take(passed)
    this.#wait(Math.max(0, this.check.interval - (performance.now() - begun)))
  }

  #take(passed: boolean): void {
    if (passed === this.isHealthy) {
      this.#against = 0
      return
    }
    const needed = passed ? this.check.healthyAfter : this.check.unhealthyAfter
    if (++this.#against < needed) return
    this.#against = 0
    this.isHealthy = passed
    for (const { changed } of this.watchers) changed()
  }
}

interface Attempt {
  readonly host: string
  readonly port: number
  readonly check: HealthCheck
  readonly identity: BackendIdentity | undefined
  readonly lookup: net.LookupFunction
}

/** One check. A connection refused, a reply that is not one of the codes, and silence all mean the same. */
function attempt(one: Attempt): Promise<boolean> {
  return one.check.protocol === 'tcp' ? byTcp(one) : byHttp(one)
}

function byTcp({ host, port, check: { timeout }, lookup }: Attempt): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, lookup })
    const timer = setTimeout(() => end(false), timeout)
    const end = (passed: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(passed)
    }
    socket.on('connect', () => end(true))
    // Errors that come after the decision change nothing.
    socket.on('error', () => end(false))
  })
}

function byHttp({ host, port, check, identity, lookup }: Attempt): Promise<boolean> {
  return new Promise((resolve) => {
    const name = host.includes(':') ? `[${host}]` : host
    const options: https.RequestOptions = {
      host,
      port,
      lookup,
      path: targetOf(check.path),
      method: check.method === '' ? 'GET' : check.method,
      headers: { host: `${name}:${port}`, 'user-agent': 'sluice-health-check', connection: 'close' },
      agent: false,
    }
    const request =
      check.protocol === 'https' ? https.request({ ...options, ...shown(host, identity) }) : http.request(options)
    const timer = setTimeout(() => end(false), check.timeout)
    const end = (passed: boolean): void => {
      clearTimeout(timer)
      request.destroy()
      resolve(passed)
    }
    request.on('response', ({ statusCode = 0 }) => end(isExpected(statusCode, check.codes)))
    request.on('error', () => end(false))
    request.end()
  })
}

/** As calls to backends: verified only by an instance that brings its roots (backends.md §2). */
function shown(host: string, identity: BackendIdentity | undefined): https.RequestOptions {
  return {
    servername: net.isIP(host) === 0 ? host : '',
    rejectUnauthorized: identity?.ca !== undefined,
    ...(identity && { cert: identity.certificate, key: identity.key }),
    ...(identity?.ca !== undefined && { ca: identity.ca }),
  }
}

/** What a request line can carry of a path, and of a query if it has one. */
function targetOf(path: string): string {
  const octets = utf8Bytes(path).replace(/[^\x21-\x7e]/g, encodePathValue)
  return octets.startsWith('/') ? octets : `/${octets}`
}

/** @param codes `200`, `200-299`, several of them with commas between; none stands for 200 */
export function isExpected(status: number, codes: string): boolean {
  return (codes === '' ? '200' : codes).split(',').some((range) => {
    const [first = '', last = first] = range.split('-')
    return status >= Number(first) && status <= Number(last)
  })
}
