/**
 * One request as one line: the 54 fields of telemetry.md §2.2, or the same as a JSON object.
 *
 * A line is a byte string and is written as latin1. No credential is ever in it (§2.4): `Authorization` and its kin are
 * not among the fields, and tokens in the query are masked.
 */
import type { AccessRecord } from './access-record.js'
import { localTime } from './local-time.js'
import { maskTarget } from './mask-target.js'

/** In their order. */
export const ACCESS_FIELDS = [
  'remote_addr',
  'request_id',
  'api_id',
  'user_id',
  'app_id',
  'time_local',
  'request_time',
  'request_method',
  'scheme',
  'host',
  'router_uri',
  'server_protocol',
  'status',
  'bytes_sent',
  'request_length',
  'http_user_agent',
  'http_x_forwarded_for',
  'upstream_addr',
  'upstream_uri',
  'upstream_status',
  'upstream_connect_time',
  'upstream_header_time',
  'upstream_response_time',
  'region_id',
  'all_upstream_response_time',
  'errorType',
  'auth_type',
  'access_model1',
  'access_model2',
  'inner_time',
  'proxy_protocol_vni',
  'proxy_protocol_vpce_id',
  'proxy_protocol_addr',
  'body_bytes_sent',
  'api_name',
  'app_name',
  'provider_app_id',
  'provider_app_name',
  ...Array.from({ length: 10 }, (_, index) => `custom_data_log${index + 1}`),
  'response_source',
  'gzip_ratio',
  'upstream_scheme',
  'group_id',
  'apig_err_code',
  'function_urn',
]

/** Fields 31–33 (PROXY protocol) and 37–48 (integration apps, custom fields): of features that aren't there yet. */
const NO_PROXY = '- - -'
const NO_CUSTOM = '- - - - - - - - - - - -'

export function accessLine(record: AccessRecord, region: string): string {
  const { head, route, caller, plan, upstreamStartedAt: sent } = record
  const total = record.finishedAt - record.startedAt
  const called = sent !== 0 && plan !== undefined
  const upstream = called
    ? `${bare(record.upstreamAddress)} ${bare(plan.target)} ${record.upstreamStatus || '-'} ` +
      `${since(record.upstreamConnectedAt, sent)} ${since(record.upstreamHeadAt, sent)} ` +
      since(record.upstreamEndedAt, sent)
    : '- - - - - -'
  return (
    `${bare(record.sourceAddress)} ${record.requestId} ${route?.labels.apiId ?? '-'} ` +
    `${bare(caller?.userId ?? '')} ${bare(caller?.appId ?? '')} "${localTime(record.receivedAt)}" ${seconds(total)} ` +
    `${bare(head.method)} ${record.secure ? 'https' : 'http'} ${bare(hostOnly(head.host))} ` +
    `${quoted(maskTarget(head.target))} ${head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'} ${record.status} ` +
    `${record.bytesOut} ${record.bytesIn} ${quoted(head.header('user-agent'))} ` +
    `${quoted(head.header('x-forwarded-for'))} ${upstream} ${bare(region)} ` +
    `${called ? seconds(record.upstreamTotal) : '-'} ${record.errorType === 'THROTTLED' ? '1' : '0'} ` +
    `${route?.labels.authType ?? '-'} ${caller?.accessModel ?? '-'} - ` +
    `${seconds(Math.max(0, total - record.upstreamTotal))} ${NO_PROXY} ${record.bodyBytesIn} ` +
    `${quoted(octets(route?.labels.apiName ?? ''))} ${quoted(octets(caller?.appName ?? ''))} ${NO_CUSTOM} ` +
    `${record.upstreamStatus !== 0 && record.errorCode === '' ? 'remote' : 'local'} - ` +
    `${called ? (plan.origin.tls ? 'https' : 'http') : '-'} ${record.groupId || '-'} ${record.errorCode || '-'} -\n`
  )
}

/** As `accessLine`, as an object; what is absent there is `null` here. */
export function accessJson(record: AccessRecord, region: string): string {
  const values = splitAccessLine(accessLine(record, region))
  const object = Object.fromEntries(ACCESS_FIELDS.map((name, index) => [name, jsonValue(name, values[index])]))
  return octets(JSON.stringify(object)) + '\n'
}

const NUMERIC: ReadonlySet<string> = new Set([
  'request_time',
  'status',
  'bytes_sent',
  'request_length',
  'upstream_status',
  'upstream_connect_time',
  'upstream_header_time',
  'upstream_response_time',
  'all_upstream_response_time',
  'inner_time',
  'body_bytes_sent',
])

function jsonValue(name: string, value: string | undefined): string | number | null {
  if (value === undefined || value === '-') return null
  return NUMERIC.has(name) ? Number(value) : Buffer.from(value, 'latin1').toString('utf8')
}

/** The fields of a line by the rule that consumers follow: blanks separate, except between quotes. */
export function splitAccessLine(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|[^ "\n]+/g), ([whole, inside]) =>
    inside === undefined
      ? whole
      : inside.replace(/\\x([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(String(hex), 16))),
  )
}

function hostOnly(host: string): string {
  const port = host.lastIndexOf(':')
  return port === -1 || host.endsWith(']') ? host : host.slice(0, port)
}

/** A value that is never quoted: what could end it is escaped. */
function bare(value: string): string {
  if (value === '') return '-'
  return /[^\x21-\x7e]|["\\]/.test(value) ? value.replace(/[^\x21-\x7e]|["\\]/g, escapeOctet) : value
}

function quoted(value: string | undefined): string {
  if (value === undefined || value === '') return '-'
  return `"${/["\\\x00-\x1f\x7f]/.test(value) ? value.replace(/["\\\x00-\x1f\x7f]/g, escapeOctet) : value}"`
}

function escapeOctet(octet: string): string {
  return '\\x' + octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

function octets(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

function since(moment: number, start: number): string {
  return moment === 0 ? '-' : seconds(moment - start)
}

/** `0.000` to `0.999`: a look-up costs a tenth of `toFixed`. */
const BELOW_ONE: readonly string[] = Array.from({ length: 1000 }, (_, ms) => '0.' + String(ms).padStart(3, '0'))

/** Milliseconds as seconds with three decimals. */
function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1000) return BELOW_ONE[whole] ?? ''
  return String(Math.floor(whole / 1000)) + (BELOW_ONE[whole % 1000] ?? '').slice(1)
}
