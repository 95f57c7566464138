import { fault } from '../../contract/faults.js'
import type { VpcHealthConfig } from '../../contract/generated/schemas.js'
import type { ChannelHealthCheck } from '../../store/vpc-channels.js'
import type { OperationContext } from '../operation.js'
import { missing } from './rules.js'

type Stamp = Pick<OperationContext, 'now' | 'newId'>

/**
 * What is stored of a check. A check by TCP has neither path nor method nor codes, unless they were given: they have no
 * defaults there (lifecycle.md §10).
 *
 * @param before what it replaces: id and time of creation stay
 * @throws {Fault} 2001 `path`, 2011 `timeout` above the interval, 2011 `http_code` for a range that runs backwards
 */
export function healthCheckOf(
  given: VpcHealthConfig,
  before: ChannelHealthCheck | undefined,
  { now, newId }: Stamp,
): ChannelHealthCheck {
  const protocol = protocols[given.protocol]
  const byHttp = protocol !== 'tcp'
  const { path = '', http_code: codes } = given
  if (byHttp && path === '') throw missing('path')
  if (given.timeout > given.time_interval) throw fault('APIG.2011', { name: 'timeout' })
  if (codes !== undefined && !codes.split(',').every(isForwards)) throw fault('APIG.2011', { name: 'http_code' })
  return {
    id: before?.id ?? newId(),
    createdAt: before?.createdAt ?? now,
    protocol,
    path,
    method: given.method ?? (byHttp ? 'GET' : ''),
    http_code: codes ?? (byHttp ? '200' : ''),
    port: given.port ?? 0,
    threshold_normal: given.threshold_normal,
    threshold_abnormal: given.threshold_abnormal,
    time_interval: given.time_interval,
    timeout: given.timeout,
    enable_client_ssl: given.enable_client_ssl ?? false,
    status: given.status ?? 1,
  }
}

const protocols = { TCP: 'tcp', tcp: 'tcp', HTTP: 'http', http: 'http', HTTPS: 'https', https: 'https' } as const

function isForwards(codes: string): boolean {
  const [first = '', last = first] = codes.split('-')
  return Number(first) <= Number(last)
}
