/**
 * One request as one line: the 54 fields of telemetry.md §2.2. `access-json.ts` has the same as a JSON object.
 *
 * A line is a byte string and is written as latin1. No credential is ever in it (§2.4): `Authorization` and its kin are
 * not among the fields, and tokens in the query are masked.
 */
import type { AccessRecord } from './access-record.js'
import type { FieldForm } from './common-runs.js'
import { bareValue, quoted, seconds, since } from './field-text.js'
import { localTime } from './local-time.js'
import { maskTarget } from './mask-target.js'
import { RouteLabels } from './route-labels.js'

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
 * One template of few pieces, since each costs twice: when it is joined, and when the line is copied to where it is
 * written from. What a line has in common with the one before it comes ready from `CommonRuns`: 0.6 µs of CPU with the
 * copy, half of what 54 pieces cost. What ids, methods and addresses are made of was checked where they came in.
 *
 * @param region as `bareValue` gives it
 */
export function accessLine(record: AccessRecord, region: string): string {
  const { head, plan, upstreamStartedAt: sent } = record
  const labels = record.route === undefined ? NO_ROUTE : record.route.labels
  const runs = labels.runs(TEXT)
  const { secrets } = labels
  const total = record.finishedAt - record.startedAt
  const called = sent !== 0 && plan !== undefined
  const version = head.http2 === true ? 'HTTP/2.0' : head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
  const target = quoted(maskTarget(head.target, secrets))
  const agent = quoted(head.header('user-agent'))
  const chain = quoted(head.header('x-forwarded-for'))
  const upstream = called ? upstreamFields(record, maskTarget(plan.target, secrets), sent) : NO_UPSTREAM
  const upstreamTotal = called ? seconds(record.upstreamTotal) : '-'
  const inner = seconds(total - record.upstreamTotal)
  runs.see(record, called)
  return `${record.sourceAddress} ${record.requestId} ${runs.caller} "${localTime(record.receivedAt)}" ${seconds(total)} ${head.method || '-'} ${runs.host(record.secure, head.host)} ${target} ${version} ${record.status} ${record.bytesOut} ${record.bytesIn} ${agent} ${chain} ${upstream} ${region} ${upstreamTotal} ${runs.access} ${inner} ${record.connection.proxyFields} ${record.bodyBytesIn} ${runs.end}\n`
}

const NO_ROUTE = new RouteLabels('', '', '')
const NO_UPSTREAM = '- - - - - -'

/** Fields 18 to 23. */
function upstreamFields(record: AccessRecord, target: string, sent: number): string {
  const connected = since(record.upstreamConnectedAt, sent)
  const head = since(record.upstreamHeadAt, sent)
  const ended = since(record.upstreamEndedAt, sent)
  const status = record.upstreamStatus || '-'
  return `${record.upstreamAddress || '-'} ${bareValue(target)} ${status} ${connected} ${head} ${ended}`
}

const TEXT: FieldForm = {
  separator: ' ',
  own: (_, value) => value || '-',
  bare: (_, value) => bareValue(value),
  quoted: (_, value) => quoted(value),
  custom: (line = NO_CUSTOM_FIELDS) => line,
  identities: new WeakMap(),
}

const NO_CUSTOM_FIELDS = '- - - - - - - - - -'

/** The fields of a line by the rule that consumers follow: blanks separate, except between quotes. */
export function splitAccessLine(line: string): string[] {
  return readFields(line).map((value) => value ?? '-')
}

/** As `splitAccessLine`; `undefined` for what is absent, which a quoted `-` is not. */
export function readFields(line: string): (string | undefined)[] {
  return Array.from(line.matchAll(/"([^"]*)"|[^ "\n]+/g), ([whole, inside]) => {
    if (inside === undefined) return whole === '-' ? undefined : whole
    return inside.replace(/\\x([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(String(hex), 16)))
  })
}
