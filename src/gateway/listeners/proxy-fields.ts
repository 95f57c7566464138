/**
 * What a PROXY header of version 2 says beside addresses, as far as the access log tells it (telemetry.md §2.2, 31 to
 * 33). Clouds tell the endpoint that a connection came through in fields of their own: each has registered a type.
 */
import type { ProxyHeader } from './proxy-protocol.js'

/** Where nothing is known. */
export const NO_PROXY_FIELDS = '- - -'

/** Types of endpoint fields, and what their values are. */
const ENDPOINTS: ReadonlyMap<number, (value: Buffer) => string> = new Map([
  // PP2_TYPE_AWS, subtype VPCE_ID: text.
  [0xea, (value: Buffer) => (value[0] === 0x01 ? written(value.subarray(1)) : '')],
  // PP2_TYPE_AZURE, subtype LINKID: a number, least byte first.
  [0xee, (value: Buffer) => (value[0] === 0x01 && value.length === 5 ? String(value.readUInt32LE(1)) : '')],
  // PP2_TYPE_GCP: the number of a connection.
  [0xe0, (value: Buffer) => written(value)],
])

/** Characters of one value. */
const MOST = 128

/**
 * Three fields of a line: virtual network, endpoint, address of the client.
 *
 * @param vniType type of the field with the virtual network; there is none that is registered
 */
export function proxyFields({ source, fields }: ProxyHeader, vniType: number | undefined): string {
  let vni = ''
  let endpoint = ''
  for (const [type, value] of eachField(fields)) {
    if (type === vniType) vni ||= written(value)
    else endpoint ||= ENDPOINTS.get(type)?.(value) ?? ''
  }
  return `${vni || '-'} ${endpoint || '-'} ${source ?? '-'}`
}

/** @param bytes types, lengths and values, which have been found sound */
function* eachField(bytes: Buffer | undefined): Generator<readonly [type: number, value: Buffer]> {
  if (bytes === undefined) return
  for (let at = 0; at + 3 <= bytes.length;) {
    const end = at + 3 + bytes.readUInt16BE(at + 1)
    yield [bytes.readUInt8(at), bytes.subarray(at + 3, end)]
    at = end
  }
}

/** Text as it is, a number of up to eight bytes in digits, anything else in hexadecimal. */
function written(value: Buffer): string {
  const text = value.toString('latin1')
  if (/^[\w.:/-]{1,128}$/.test(text)) return text
  if (value.length > 8) return value.toString('hex').slice(0, MOST)
  return value.length === 0 ? '' : BigInt(`0x${value.toString('hex')}`).toString()
}
