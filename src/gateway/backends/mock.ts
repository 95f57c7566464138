/** Backend MOCK: a reply that is made when the route is compiled (backends.md §6). */
import type { MockBackend } from '../../snapshot/api-definition.js'
import { utf8Bytes } from '../percent-encoding.js'
import { hasNoContent, type Reply } from '../reply.js'
import { isHeaderValue, isWritableHeader } from './header-lines.js'
import type { Sender } from './sender.js'

/** Headers that the gateway writes on every reply. */
const OWN_NAMES: ReadonlySet<string> = new Set(['date', 'server', 'x-request-id'])

export function compileMock(backend: MockBackend): Sender {
  const reply = mockReply(backend)
  return {
    readsQuery: false,
    send: function mock() {
      return reply
    },
  }
}

function mockReply({ status_code: status, result_content, headers }: MockBackend): Reply {
  let lines = ''
  let typed = false
  for (const { key, value } of headers) {
    const bytes = utf8Bytes(value)
    if (!isWritableHeader(key) || OWN_NAMES.has(key.toLowerCase()) || !isHeaderValue(bytes)) continue
    typed ||= key.toLowerCase() === 'content-type'
    lines += `${key}: ${bytes}\r\n`
  }
  const empty = hasNoContent(status)
  if (!typed && !empty) lines += 'Content-Type: application/json\r\n'
  // The engine sends ASCII text together with the head; anything else is made bytes once, here.
  const body = /^[\0-\x7f]*$/.test(result_content) ? result_content : Buffer.from(result_content, 'utf8')
  return { status, headers: lines, body: empty ? '' : body }
}
