/** How refusals of the gateway look to a gRPC client (backends.md §8). */
import type { Exchange } from '../exchange.js'
import type { Reply } from '../reply.js'
import { replyFields, type ReplyFields } from './reply-headers.js'

/** `grpc-status` by HTTP status; every other one is INTERNAL. */
const statuses: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 12, 429: 8, 502: 14, 503: 14, 504: 4 }
const INTERNAL = 13

/** Whether who asks expects an answer of gRPC: by the API, or, where none was found, by what was sent. */
export function speaksGrpc({ route, head }: Exchange): boolean {
  return route === undefined ? isGrpcType(head.header('content-type')) : route.grpc
}

export function isGrpcType(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType)
}

/** Fields of a reply that is nothing but its head: the body of a refusal is no message of the service. */
export function grpcRefusal(reply: Reply, lines: string): ReplyFields {
  const fields = replyFields(reply.status, lines)
  fields['content-type'] = 'application/grpc'
  fields['grpc-status'] = String(statuses[reply.status] ?? INTERNAL)
  const message = errorMessage(reply)
  if (message !== '') fields['grpc-message'] = encodeMessage(message)
  return fields
}

/** `error_msg` of the body, which a group may have replaced by something else. */
function errorMessage({ body }: Reply): string {
  try {
    const read: unknown = JSON.parse(body.toString())
    const message: unknown = typeof read === 'object' && read !== null ? Reflect.get(read, 'error_msg') : undefined
    return typeof message === 'string' ? message : ''
  } catch (error) {
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

/** Percent-encoded UTF-8: what is printable ASCII, but the percent sign, stands for itself. */
function encodeMessage(message: string): string {
  return message.replace(/[^ -$&-~]+/g, (characters) =>
    Array.from(Buffer.from(characters), (octet) => '%' + octet.toString(16).toUpperCase().padStart(2, '0')).join(''),
  )
}
