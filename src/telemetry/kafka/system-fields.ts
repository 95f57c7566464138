/**
 * What a record for Kafka says of a request by itself: the keys `meta_config.system` of a plug-in `kafka_log`
 * (policies.md §8.1). Values are those of the access log (telemetry.md §2.2); what is absent is `null`.
 */
import type { AccessRecord } from '../access-record.js'
import { splitAccessLine } from '../access-line.js'
import { maskTarget } from '../mask-target.js'
import { octetText } from './octet-text.js'

export interface LoggedApi {
  readonly apiId: string
  readonly apiName: string
  readonly authType: string
  /** `NORMAL` or `SWA`. */
  readonly uriMode: string
  readonly region: string
  /** The path that is told, of the one that was sent. */
  readonly pathOf: (sent: string) => string
}

type Value = string | number | null
type Read = (record: AccessRecord, api: LoggedApi) => Value

/** Seconds with three decimals, as are all times. */
const seconds = (ms: number): number => Math.max(0, Math.round(ms)) / 1000

const since = ({ upstreamStartedAt }: AccessRecord, moment: number): Value =>
  upstreamStartedAt === 0 || moment === 0 ? null : seconds(moment - upstreamStartedAt)

const text = (value: string | undefined): Value => (value === undefined || value === '' ? null : octetText(value))

const nothing: Read = () => null

function proxyField({ proxyFields }: AccessRecord['connection'], index: number): Value {
  const field = proxyFields.split(' ')[index]
  return field === '-' ? null : text(field)
}

const called = (record: AccessRecord): boolean => record.upstreamStartedAt !== 0

const SYSTEM_FIELDS: Readonly<Record<string, Read>> = {
  start_time: ({ receivedAt }) => receivedAt / 1000,
  request_id: ({ requestId }) => requestId,
  client_ip: ({ sourceAddress }) => sourceAddress,
  api_id: (_, { apiId }) => apiId,
  user_name: ({ caller }) => caller?.accountName ?? null,
  app_id: ({ caller }) => text(caller?.appId),
  access_model1: ({ caller }) => text(caller?.accessModel),
  request_time: ({ startedAt, finishedAt }) => seconds(finishedAt - startedAt),
  http_status: ({ status }) => status,
  server_protocol: ({ head }) => (head.http2 === true ? 'HTTP/2.0' : head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'),
  scheme: ({ secure }) => (secure ? 'https' : 'http'),
  request_method: ({ head }) => text(head.method),
  host: ({ head }) => text(head.host.replace(/:\d*$/, '')),
  api_uri_mode: (_, { uriMode }) => uriMode,
  uri: ({ head, route }, { pathOf }) => {
    const target = maskTarget(head.target, route?.labels.secrets)
    const query = target.indexOf('?')
    return text(query === -1 ? pathOf(target) : pathOf(target.slice(0, query)) + target.slice(query))
  },
  request_size: ({ bytesIn }) => bytesIn,
  response_size: ({ bytesOut }) => bytesOut,
  upstream_uri: (record) =>
    called(record) && record.plan ? text(maskTarget(record.plan.target, record.route?.labels.secrets)) : null,
  upstream_addr: (record) => (called(record) ? text(record.upstreamAddress) : null),
  upstream_status: ({ upstreamStatus }) => upstreamStatus || null,
  upstream_connect_time: (record) => since(record, record.upstreamConnectedAt),
  upstream_header_time: (record) => since(record, record.upstreamHeadAt),
  upstream_response_time: (record) => since(record, record.upstreamEndedAt),
  all_upstream_response_time: (record) => (called(record) ? seconds(record.upstreamTotal) : null),
  region_id: (_, { region }) => text(region),
  auth_type: (_, { authType }) => authType,
  http_x_forwarded_for: ({ head }) => text(head.header('x-forwarded-for')),
  http_user_agent: ({ head }) => text(head.header('user-agent')),
  error_type: ({ errorType }) => (errorType === 'THROTTLED' ? 1 : 0),
  access_model2: ({ secondFactor }) => text(secondFactor),
  inner_time: ({ startedAt, finishedAt, upstreamTotal }) => seconds(finishedAt - startedAt - upstreamTotal),
  proxy_protocol_vni: ({ connection }) => proxyField(connection, 0),
  proxy_protocol_vpce_id: ({ connection }) => proxyField(connection, 1),
  proxy_protocol_addr: ({ connection }) => proxyField(connection, 2),
  // The request's, as in the access log.
  body_bytes_sent: ({ bodyBytesIn }) => bodyBytesIn,
  api_name: (_, { apiName }) => apiName,
  app_name: ({ caller }) => caller?.appName || null,
  // Of applications of ROMA, which do not exist here.
  provider_app_id: nothing,
  provider_app_name: nothing,
  response_source: ({ upstreamStatus, errorCode }) => (upstreamStatus !== 0 && errorCode === '' ? 'remote' : 'local'),
}

const ON_BY_DEFAULT: ReadonlySet<string> = new Set([
  'start_time',
  'request_id',
  'client_ip',
  'request_time',
  'http_status',
  'scheme',
  'request_method',
  'host',
  'uri',
  'upstream_addr',
  'upstream_status',
  'upstream_header_time',
  'upstream_response_time',
  'http_x_forwarded_for',
  'error_type',
])

const CUSTOM = Array.from({ length: 10 }, (_, index) => `custom_data_log${String(index + 1).padStart(2, '0')}`)

export type ReadSystemFields = (record: AccessRecord) => Record<string, Value>

/** @param switches `meta_config.system`; what it does not name is as by default, what it names besides means nothing */
export function systemFields(switches: Readonly<Record<string, boolean>>, api: LoggedApi): ReadSystemFields {
  const isOn = (key: string): boolean =>
    Object.hasOwn(switches, key) ? switches[key] === true : ON_BY_DEFAULT.has(key)
  const fields = Object.entries(SYSTEM_FIELDS).filter(([key]) => isOn(key))
  const custom = CUSTOM.map((key, index) => ({ key, index })).filter(({ key }) => isOn(key))
  return function read(record) {
    const values: Record<string, Value> = {}
    for (const [key, field] of fields) values[key] = field(record, api)
    if (custom.length > 0) {
      const line = record.customFields === undefined ? [] : splitAccessLine(record.customFields(record.head))
      for (const { key, index } of custom) values[key] = line[index] === '-' ? null : text(line[index])
    }
    return values
  }
}
