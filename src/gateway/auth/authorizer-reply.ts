/** What a custom authorizer answers (authentication.md §5.4), read strictly: any other shape is none. */
import { readJson } from '../../contract/json-text.js'
import { isRecord, readFunctionReply } from '../functions/function-reply.js'
import { utf8Bytes } from '../percent-encoding.js'

export interface AuthorizerAnswer {
  readonly isAllowed: boolean
  /** Byte strings by key. */
  readonly context: ReadonlyMap<string, string>
}

/** Bytes of a reply. */
export const LARGEST_REPLY = 1024 * 1024

/** @param takesAll numbers and truth values may stand in the context (feature `authorizer_context_support_num_bool`) */
export function readAuthorizerReply(text: string, takesAll: boolean): AuthorizerAnswer | undefined {
  const reply = readFunctionReply(text)
  if (reply?.status !== 200) return undefined
  const value = readJson(reply.body.toString())
  if (!isRecord(value)) return undefined
  const { status, context: sent } = value
  if ((status !== 'allow' && status !== 'deny') || !(sent === undefined || isRecord(sent))) return undefined
  const context = new Map<string, string>()
  for (const [key, one] of Object.entries(sent ?? {})) {
    if (typeof one === 'string') context.set(key, utf8Bytes(one))
    else if (takesAll && (typeof one === 'number' || typeof one === 'boolean')) context.set(key, String(one))
    else return undefined
  }
  return { isAllowed: status === 'allow', context }
}
