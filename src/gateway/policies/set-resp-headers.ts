/** Plug-in `set_resp_headers`: adds, changes and removes header lines of replies (policies.md §6). */
import type { PublicationPart } from '../../snapshot/parts.js'
import { systemValue, type ServerIdentity, type SystemValue } from '../backends/system-parameters.js'
import type { BoundPlugin } from '../bound-plugins.js'
import type { Exchange } from '../exchange.js'
import { utf8Bytes } from '../percent-encoding.js'
import type { ReplyLines, ReplyStep } from '../responses/reply-lines.js'

interface SetRespHeadersContext {
  readonly publication: PublicationPart
  readonly stage: string
  readonly server: ServerIdentity
}

type Change = (lines: ReplyLines, exchange: Exchange) => void
type Content = BoundPlugin<'set_resp_headers'>['content']

export function compileSetRespHeaders(
  plugin: BoundPlugin<'set_resp_headers'> | undefined,
  context: SetRespHeadersContext,
): ReplyStep | undefined {
  if (plugin === undefined) return undefined
  const changes = plugin.content.response_headers.map((header) => change(header, context))
  return function setRespHeaders(lines, exchange) {
    for (const one of changes) one(lines, exchange)
  }
}

function change(
  { name, value, value_type, action }: Content['response_headers'][number],
  { publication, stage, server }: SetRespHeadersContext,
): Change {
  const key = name.toLowerCase()
  if (action === 'delete') return (lines) => lines.remove(key)
  const given: SystemValue =
    value_type === 'system_parameter'
      ? systemValue(value ?? '', publication, stage, server)
      : utf8Bytes((value ?? '').trim())
  const valueOf = typeof given === 'string' ? () => given : given
  switch (action) {
    case 'override':
      return (lines, exchange) => {
        lines.remove(key)
        lines.add(name, valueOf(exchange))
      }
    case 'append':
      return (lines, exchange) => {
        const values = lines.values(key)
        lines.remove(key)
        lines.add(name, [...values, valueOf(exchange)].join(','))
      }
    case 'skip':
      return (lines, exchange) => {
        if (!lines.has(key)) lines.add(name, valueOf(exchange))
      }
    case 'add':
      return (lines, exchange) => lines.add(name, valueOf(exchange))
  }
}
