/**
 * One request as a JSON object in a line: the fields of `access-line.ts`, `null` where they are absent there. Made of few
 * pieces for the same reasons, and as a byte string in UTF-8; octets that are no UTF-8 become U+FFFD.
 */
import { readFields } from './access-line.js'
import type { AccessRecord } from './access-record.js'
import type { FieldForm } from './common-runs.js'
import { octets, seconds } from './field-text.js'
import { localTime } from './local-time.js'
import { maskTarget } from './mask-target.js'
import { RouteLabels } from './route-labels.js'

/** @param region logged as `region_id` */
export function jsonLines(region: string): (record: AccessRecord) => string {
  const regionField = JSON_FORM.own('region_id', region)
  return function accessJson(record) {
    const { head, plan, upstreamStartedAt: sent } = record
    const labels = record.route === undefined ? NO_ROUTE : record.route.labels
    const runs = labels.runs(JSON_FORM)
    const { secrets } = labels
    const total = record.finishedAt - record.startedAt
    const called = sent !== 0 && plan !== undefined
    const version = head.http2 === true ? 'HTTP/2.0' : head.minorVersion === 1 ? 'HTTP/1.1' : 'HTTP/1.0'
    const target = sentText(maskTarget(head.target, secrets))
    const agent = sentText(head.header('user-agent'))
    const chain = sentText(head.header('x-forwarded-for'))
    const upstream = called ? upstreamFields(record, maskTarget(plan.target, secrets), sent) : NO_UPSTREAM
    const upstreamTotal = called ? seconds(record.upstreamTotal) : 'null'
    const inner = seconds(total - record.upstreamTotal)
    const proxy = proxyFields(record.connection.proxyFields)
    runs.see(record, called)
    return `{"remote_addr":${sentText(record.sourceAddress)},"request_id":"${record.requestId}",${runs.caller},"time_local":"${localTime(record.receivedAt)}","request_time":${seconds(total)},"request_method":${sentText(head.method)},${runs.host(record.secure, head.host)},"router_uri":${target},"server_protocol":"${version}","status":${record.status},"bytes_sent":${record.bytesOut},"request_length":${record.bytesIn},"http_user_agent":${agent},"http_x_forwarded_for":${chain},${upstream},${regionField},"all_upstream_response_time":${upstreamTotal},${runs.access},"inner_time":${inner},${proxy},"body_bytes_sent":${record.bodyBytesIn},${runs.end}}\n`
  }
}

const NO_ROUTE = new RouteLabels('', '', '')

const NO_UPSTREAM =
  '"upstream_addr":null,"upstream_uri":null,"upstream_status":null,"upstream_connect_time":null,' +
  '"upstream_header_time":null,"upstream_response_time":null'

/** Fields 18 to 23. */
function upstreamFields(record: AccessRecord, target: string, sent: number): string {
  const connected = since(record.upstreamConnectedAt, sent)
  const head = since(record.upstreamHeadAt, sent)
  const ended = since(record.upstreamEndedAt, sent)
  const status = record.upstreamStatus || 'null'
  return `"upstream_addr":${sentText(record.upstreamAddress)},"upstream_uri":${sentText(target)},"upstream_status":${status},"upstream_connect_time":${connected},"upstream_header_time":${head},"upstream_response_time":${ended}`
}

function since(moment: number, start: number): string {
  return moment === 0 ? 'null' : seconds(moment - start)
}

const JSON_FORM: FieldForm = {
  separator: ',',
  own: (name, value) => `"${name}":${sentText(octets(value))}`,
  bare: (name, value) => `"${name}":${sentText(value)}`,
  quoted: (name, value) => `"${name}":${sentText(value)}`,
  custom: (line) => (line === undefined ? NO_CUSTOM_FIELDS : fields(CUSTOM, line)),
  identities: new WeakMap(),
}

const CUSTOM = Array.from({ length: 10 }, (_, index) => `custom_data_log${index + 1}`)
const NO_CUSTOM_FIELDS = CUSTOM.map((name) => `"${name}":null`).join(',')

const PROXY = ['proxy_protocol_vni', 'proxy_protocol_vpce_id', 'proxy_protocol_addr']
let lastProxy = '- - -'
let lastProxyFields = fields(PROXY, lastProxy)

/** Mostly those of the line before: there are none, or one client sends much. */
function proxyFields(line: string): string {
  if (line !== lastProxy) {
    lastProxy = line
    lastProxyFields = fields(PROXY, line)
  }
  return lastProxyFields
}

function fields(names: readonly string[], line: string): string {
  const values = readFields(line)
  return names.map((name, index) => `"${name}":${sentText(values[index])}`).join(',')
}

/** A byte string; `null` for what is absent. */
function sentText(value: string | undefined): string {
  if (value === undefined || value === '') return 'null'
  if (/^[ !#-[\]-~]*$/.test(value)) return `"${value}"`
  return octets(JSON.stringify(Buffer.from(value, 'latin1').toString('utf8')))
}
