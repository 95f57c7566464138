import { STATUS_CODES } from 'node:http'

const reasons: Readonly<Record<number, string>> = { ...STATUS_CODES, 494: 'Request Header Too Large' }
const lines: string[] = []

/** `HTTP/1.1 404 Not Found` and CRLF. */
export function statusLine(status: number): string {
  return (lines[status] ??= `HTTP/1.1 ${status} ${reasons[status] ?? 'Unknown'}\r\n`)
}

let dateSecond = 0
let date = ''

/** `Date` header line for a moment in milliseconds since the epoch; made once a second. */
export function dateLine(now: number): string {
  const second = Math.floor(now / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
  }
  return date
}
