/**
 * One request as one line: the 54 fields of telemetry.md §2.2, or the same as a JSON object.
 *
 * A line is a byte string and is written as latin1. No credential is ever in it (§2.4): `Authorization` and its kin are
 * not among the fields, and tokens in the query are masked.
 */
import type { AccessRecord, RouteLabels } from './access-record.js'
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

/**
 * One template and as little in front of it as can be: 0.4 µs of CPU, a quarter less than nested pieces cost
 * (bench/pipeline.ts). What ids, methods and addresses are made of was checked where they came in.
 *
 * @param region as `bareValue` gives it
 */
export function accessLine(record: AccessRecord, region: string): string {
  const { head, route, caller, plan, upstreamStartedAt: sent } = record
  const total = record.finishedAt - record.startedAt
  const called = sent !== 0 && plan !== undefined
  const { apiId, apiName, authType, secrets } = route === undefined ? NO_ROUTE : route.labels
  const userId = caller === undefined ? '-' : (caller.projectId ?? caller.userId) || '-'
  const appId = caller === undefined ? '-' : caller.appId || '-'
  const appName = caller === undefined ? '-' : quoted(octets(caller.appName))
  const model = caller === undefined ? '-' : caller.accessModel
  const scheme = record.secure ? 'https' : 'http'
  const version = head.http2 === true ? 'HTTP/2.0' : head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
  const host = bareValue(hostOnly(head.host))
  const target = quoted(maskTarget(head.target, secrets))
  const agent = quoted(head.header('user-agent'))
  const chain = quoted(head.header('x-forwarded-for'))
  const upstream = called ? upstreamFields(record, maskTarget(plan.target, secrets), sent) : NO_UPSTREAM
  const upstreamTotal = called ? seconds(record.upstreamTotal) : '-'
  const upstreamScheme = called ? (plan.origin.tls ? 'https' : 'http') : '-'
  const throttled = record.errorType === 'THROTTLED' ? 1 : 0
  const inner = seconds(total - record.upstreamTotal)
  const custom = record.customFields === undefined ? NO_CUSTOM_FIELDS : record.customFields(head)
  const source = record.upstreamStatus !== 0 && record.errorCode === '' ? 'remote' : 'local'
  const ratio = record.gzip === undefined ? '-' : gzipRatio(record.gzip)
  return `${record.sourceAddress} ${record.requestId} ${apiId} ${userId} ${appId} "${localTime(record.receivedAt)}" ${seconds(total)} ${head.method || '-'} ${scheme} ${host} ${target} ${version} ${record.status} ${record.bytesOut} ${record.bytesIn} ${agent} ${chain} ${upstream} ${region} ${upstreamTotal} ${throttled} ${authType} ${model} ${record.secondFactor || '-'} ${inner} - - - ${record.bodyBytesIn} ${apiName} ${appName} - - ${custom} ${source} ${ratio} ${upstreamScheme} ${record.groupId || '-'} ${record.errorCode || '-'} ${record.functionUrn === '' ? '-' : quoted(record.functionUrn)}\n`
}

function gzipRatio({ before, after }: { readonly before: number; readonly after: number }): string {
  return after === 0 ? '-' : (before / after).toFixed(2)
}

const NO_ROUTE: RouteLabels = { apiId: '-', apiName: '-', authType: '-' }
const NO_UPSTREAM = '- - - - - -'
const NO_CUSTOM_FIELDS = '- - - - - - - - - -'

/** Fields 18 to 23. */
function upstreamFields(record: AccessRecord, target: string, sent: number): string {
  const connected = since(record.upstreamConnectedAt, sent)
  const head = since(record.upstreamHeadAt, sent)
  const ended = since(record.upstreamEndedAt, sent)
  const status = record.upstreamStatus || '-'
  return `${record.upstreamAddress || '-'} ${bareValue(target)} ${status} ${connected} ${head} ${ended}`
}

/** What a line says of a route, made once per route. */
export function routeLabels(
  apiId: string,
  apiName: string,
  authType: string,
  secrets?: ReadonlySet<string>,
): RouteLabels {
  return { apiId, apiName: quoted(octets(apiName)), authType, secrets }
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
export function bareValue(value: string): string {
  if (value === '') return '-'
  return /[^\x21-\x7e]|["\\]/.test(value) ? value.replace(/[^\x21-\x7e]|["\\]/g, escapeOctet) : value
}

export function quoted(value: string | undefined): string {
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
