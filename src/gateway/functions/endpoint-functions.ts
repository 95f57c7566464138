/**
 * Functions behind an endpoint that speaks FunctionGraph's API for their execution:
 * `POST /v2/{project}/fgs/functions/{urn}/invocations`, and `invocations-async`. The text form of answers (`v0`) is asked
 * for: what comes is what the function returned; `X-Func-Err-Code` other than 0 says that it failed.
 */
import type { FunctionAnswer, FunctionCall, FunctionFailure, Functions } from '../../functions/functions.js'
import { formatAddress } from '../../functions/urn.js'
import { serviceAddress, type ServiceAddress } from '../outbound/address.js'
import type { Outbound, OutboundFailure, OutboundReply } from '../outbound/outbound.js'

export interface EndpointOptions {
  /** `https://functiongraph.…`, with or without a path in front of the API's. */
  readonly url: string
  /** Sent as `X-Auth-Token`. */
  readonly token?: string | undefined
}

/** Milliseconds in which a call has to be accepted. */
const ACCEPTED_WITHIN = 5_000
const LARGEST_RECEIPT = 64 * 1024

const failures: Readonly<Record<OutboundFailure, FunctionFailure>> = {
  forbidden: 'unreachable',
  unreachable: 'unreachable',
  timeout: 'timeout',
  unreadable: 'too-large',
}

/** @throws {RangeError} where the address is none */
export function endpointFunctions({ url, token }: EndpointOptions, outbound: Outbound): Functions {
  const base = serviceAddress(url)
  if (base === undefined) throw new RangeError(`${url} is no address of functions`)
  const prefix = base.target.replace(/\/$/, '')

  function post(
    { address, event, requestId }: FunctionCall,
    operation: string,
    limits: { readonly timeout: number; readonly mostBytes: number },
  ): Promise<OutboundReply | OutboundFailure> {
    const { authority, ...to } = base as ServiceAddress
    const name = formatAddress(address)
    return outbound.call({
      ...to,
      ...limits,
      method: 'POST',
      target: `${prefix}/v2/${address.project}/fgs/functions/${name}/${operation}`,
      headers: [
        ...['Host', authority, 'Content-Type', 'application/json', 'X-CFF-Request-Version', 'v0'],
        ...['X-Request-Id', requestId],
        ...(token === undefined ? [] : ['X-Auth-Token', token]),
      ],
      body: Buffer.from(event),
      trust: [],
    })
  }

  return {
    async invoke(call): Promise<FunctionAnswer> {
      const { timeout, mostBytes } = call
      const reply = await post(call, 'invocations', { timeout, mostBytes })
      if (typeof reply === 'string') return failures[reply]
      if (reply.status === 404) return 'unknown'
      if (reply.status === 429) return 'overloaded'
      const code = reply.headers['x-func-err-code']
      const hasFailed = code !== undefined && code !== '0'
      return reply.status !== 200 || hasFailed ? 'failed' : { text: reply.body.toString('utf8') }
    },
    async enqueue(call) {
      const reply = await post(call, 'invocations-async', { timeout: ACCEPTED_WITHIN, mostBytes: LARGEST_RECEIPT })
      if (typeof reply === 'string') return failures[reply]
      if (reply.status === 404) return 'unknown'
      if (reply.status === 429) return 'overloaded'
      return reply.status >= 200 && reply.status < 300 ? 'accepted' : 'failed'
    },
    // Nothing runs here.
    close: () => Promise.resolve(),
  }
}
