/**
 * Backends behind a load balance channel (backends.md §2, §3): the member is chosen for each request, by the channel as it
 * is at that moment, and another one for each repetition.
 */
import type { HttpBackend, MemberGroupCall } from '../../snapshot/api-definition.js'
import type { BackendIdentity, Exchange, ForwardPlan, Load, PlanAgain } from '../exchange.js'
import { percentDecode } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import { refuse } from '../responses/refuse.js'
import { BackendFault } from './backend-fault.js'
import type { Asked } from './balancing/balancer.js'
import { Selection, type Member } from './channel.js'
import { grpcPath, isGrpc } from './grpc.js'
import { isHostValue } from './header-lines.js'
import { compileRequest, mappedTo } from './mapping.js'
import { compilePath, type MakePath } from './map-path.js'
import { identityFor } from './origins.js'
import type { ParameterFault, Values } from './parameters.js'
import type { QueryPiece } from './query.js'
import type { BackendContext, Sender } from './sender.js'

/** How the members of a group, or all members, are called. */
interface Way {
  readonly path: string | MakePath
  readonly method: HttpBackend['req_method']
  readonly tls: boolean
  readonly http2: boolean
  readonly identity: BackendIdentity | undefined
}

/** @throws BackendFault when no request could be made from this configuration. */
export function compileChannel(backend: HttpBackend, context: BackendContext): Sender {
  const { vpc_channel_id = '', vpc_channel_proxy_host: proxyHost, member_groups } = backend
  if (proxyHost && !isHostValue(proxyHost)) throw new BackendFault(`The host ${proxyHost} is none.`)
  const request = compileRequest(backend, context)
  const pathSources = mappedTo('PATH', backend, context)
  const wayOf = (call: HttpBackend | MemberGroupCall): Way => {
    const { req_uri, req_method, req_protocol } = call
    const http2 = isGrpc(call)
    return {
      path: http2 ? grpcPath(call) : compilePath(req_uri, pathSources, context),
      method: http2 ? 'POST' : req_method,
      tls: req_protocol === 'HTTPS' || req_protocol === 'GRPCS',
      http2,
      identity: identityFor({ ...backend, req_protocol }, context.features),
    }
  }
  // Calls of both kinds come in by ways that differ.
  const calls = member_groups ?? [backend]
  if (calls.some(isGrpc) && !calls.every(isGrpc))
    throw new BackendFault('Some groups are called by gRPC, others are not.')
  const byGroup = member_groups && new Map(member_groups.map((group) => [group.id, wayOf(group)]))
  const everyway = wayOf(backend)
  const channel = context.channels.of(vpc_channel_id)
  const selection = new Selection(channel, byGroup && new Set(byGroup.keys()))
  // A request that says something of the group that it goes to is made anew for a member of another one.
  const differs = byGroup !== undefined || backend.params.some(saysGroup)

  /** What hashes look at. Where each group has a path of its own, it is the caller's: members are chosen before it. */
  function asked({ sourceAddress, head }: Exchange, path: string | undefined): Asked {
    const hashed = channel.part?.balancing === 'URI' ? (path ?? head.path) : ''
    return { source: sourceAddress, path: context.features.pathsAsSent ? hashed : (percentDecode(hashed) ?? hashed) }
  }

  function planFor(
    exchange: Exchange,
    values: Values,
    pieces: readonly QueryPiece[],
    path: string | ParameterFault,
    member: Member,
    way: Way,
  ): Reply | undefined {
    exchange.memberGroup = member.group
    return request.plan(exchange, values, pieces, path, {
      origin: member.origin(way),
      method: way.method,
      host: proxyHost || exchange.head.host || member.host,
      load: member.load,
      again: differs ? remaking(values, pieces) : elsewhere,
    })
  }

  function elsewhere(exchange: Exchange, failed: ForwardPlan, tried: readonly Load[]): ForwardPlan | undefined {
    const [path] = failed.target.split('?', 1)
    const member = selection.choose(asked(exchange, path), tried)
    if (typeof member === 'string') return undefined
    exchange.memberGroup = member.group
    return { ...failed, origin: member.origin(everyway), load: member.load }
  }

  function remaking(values: Values, pieces: readonly QueryPiece[]): PlanAgain {
    return (exchange, _, tried) => (send(exchange, values, pieces, tried) === undefined ? exchange.plan : undefined)
  }

  function send(
    exchange: Exchange,
    values: Values,
    pieces: readonly QueryPiece[],
    tried?: readonly Load[],
  ): Reply | undefined {
    if (byGroup === undefined) {
      const path = pathOf(everyway, exchange, values)
      const member = selection.choose(asked(exchange, typeof path === 'string' ? path : undefined), tried)
      if (typeof member === 'string') return refuse(exchange, member)
      return planFor(exchange, values, pieces, path, member, everyway)
    }
    const member = selection.choose(asked(exchange, undefined), tried)
    if (typeof member === 'string') return refuse(exchange, member)
    const way = byGroup.get(member.groupId ?? '') ?? everyway
    return planFor(exchange, values, pieces, pathOf(way, exchange, values), member, way)
  }

  return { readsQuery: request.readsQuery, send: (exchange, values, pieces) => send(exchange, values, pieces) }
}

function pathOf({ path }: Way, exchange: Exchange, values: Values): string | ParameterFault {
  return typeof path === 'string' ? path : path(exchange, values)
}

const saysGroup = ({ origin, value }: HttpBackend['params'][number]): boolean =>
  origin === 'SYSTEM' && value.includes('member_group_')
