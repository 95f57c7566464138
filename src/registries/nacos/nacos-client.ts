/** One service of a Nacos, asked for over its HTTP API; any of its servers will do, the last one that answered first. */
import { BlockList, isIP } from 'node:net'
import { begin, parseJson, readText, retryAfter } from '../http.js'
import { reasonOf, RegistryError, type AddressGuard, type Instance } from '../registry.js'
import { dialects, isNotFound, tokenOf, type Dialect } from './answers.js'

export interface NacosServer {
  readonly host: string
  readonly port: number
}

export interface NacosTarget {
  readonly kind: 'nacos'
  readonly servers: readonly NacosServer[]
  /** Empty: `public`. */
  readonly namespace: string
  readonly group: string
  readonly cluster: string
  readonly service: string
  readonly user: string
  readonly password: string
}

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether the password can be read on a network: Nacos is asked over HTTP. */
export function showsPassword({ servers, password }: NacosTarget): boolean {
  const isHere = (host: string): boolean => {
    const version = isIP(host)
    return version === 0 ? host === 'localhost' : LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6')
  }
  return password !== '' && servers.some(({ host }) => !isHere(host))
}

interface Reply {
  readonly status: number
  readonly text: string
  readonly retryAfter: number | undefined
}

/** Bytes. */
const LARGEST_ANSWER = 16 * 1024 * 1024
/** Of a token's life, the part after which another is asked for. */
const RENEWED = 0.9

export class NacosClient {
  #server = 0
  #dialect = 0
  #token: { readonly text: string; readonly until: number } | undefined

  constructor(
    private readonly target: NacosTarget,
    private readonly guard: AddressGuard,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws the failure of the last server, when none answers as it should */
  async instances(signal: AbortSignal): Promise<readonly Instance[]> {
    const { servers } = this.target
    let failure: unknown = new RegistryError('the channel names no server of Nacos')
    for (let tried = 0; tried < servers.length && !signal.aborted; tried++) {
      const server = servers[this.#server % servers.length]
      if (server === undefined) break
      try {
        return await this.#ask(server, signal)
      } catch (error) {
        failure = error
        this.#server++
      }
    }
    throw failure
  }

  async #ask(server: NacosServer, signal: AbortSignal): Promise<readonly Instance[]> {
    const first = this.#dialect
    for (let turn = 0; turn < dialects.length; turn++) {
      this.#dialect = (first + turn) % dialects.length
      const dialect = dialects[this.#dialect]
      if (dialect === undefined) break
      const found = await this.#askIn(dialect, server, signal)
      if (found !== undefined) return found
    }
    this.#dialect = first
    throw new RegistryError('there is no API of Nacos')
  }

  /** Undefined where the server does not know this version of the API. */
  async #askIn(dialect: Dialect, server: NacosServer, signal: AbortSignal): Promise<readonly Instance[] | undefined> {
    let refusal = await this.#logIn(dialect, server, signal)
    let reply = await this.#list(dialect, server, signal)
    if (isRefused(reply) && this.#token !== undefined) {
      // It may have forgotten the token, as one that starts anew does.
      this.#token = undefined
      refusal = await this.#logIn(dialect, server, signal)
      reply = await this.#list(dialect, server, signal)
    }
    if (isRefused(reply)) throw refusal ?? failureOf(reply)
    if (isAbsent(reply)) return isNotFound(safely(reply.text)) ? [] : undefined
    if (reply.status !== 200) throw failureOf(reply)
    return dialect.instances(parseJson(reply.text))
  }

  /** Why there is no token: one without authentication lists instances all the same, whoever the user is. */
  async #logIn(dialect: Dialect, server: NacosServer, signal: AbortSignal): Promise<RegistryError | undefined> {
    if (this.#token !== undefined && this.now() < this.#token.until) return undefined
    this.#token = undefined
    const { user, password } = this.target
    const body = new URLSearchParams({ username: user, password }).toString()
    const reply = await this.#send(server, 'POST', dialect.loginPath, body, signal)
    if (reply.status !== 200) return new RegistryError(`the login is refused (${reply.status})`)
    try {
      const { accessToken, tokenTtl } = tokenOf(parseJson(reply.text))
      this.#token = { text: accessToken, until: this.now() + tokenTtl * 1_000 * RENEWED }
      return undefined
    } catch (error) {
      return new RegistryError(reasonOf(error))
    }
  }

  #list(dialect: Dialect, server: NacosServer, signal: AbortSignal): Promise<Reply> {
    const { namespace, group, cluster, service } = this.target
    const query = new URLSearchParams({
      serviceName: service,
      groupName: group,
      namespaceId: namespace,
      [dialect.clusterParameter]: cluster,
      healthyOnly: 'false',
      ...(this.#token && { accessToken: this.#token.text }),
    })
    return this.#send(server, 'GET', `${dialect.listPath}?${query.toString()}`, undefined, signal)
  }

  async #send(
    { host, port }: NacosServer,
    method: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<Reply> {
    if (isIP(host) !== 0 && this.guard.isForbidden(host))
      throw new RegistryError(`${host} is an address that must not be called`)
    const response = await begin({
      tls: false,
      host,
      port,
      method,
      path,
      lookup: this.guard.lookup,
      headers: {
        Accept: 'application/json',
        'User-Agent': 'sluice',
        ...(body !== undefined && {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(body),
        }),
      },
      ...(body !== undefined && { body }),
      signal,
    })
    const text = await readText(response, LARGEST_ANSWER)
    return { status: response.statusCode ?? 0, text, retryAfter: retryAfter(response) }
  }
}

const isRefused = ({ status }: Reply): boolean => status === 401 || status === 403
const isAbsent = ({ status }: Reply): boolean => status === 404 || status === 410

const failureOf = ({ status, retryAfter: after }: Reply): RegistryError =>
  new RegistryError(`Nacos answers ${status}`, { status, retryAfter: after })

function safely(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
