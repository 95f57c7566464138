import type { OperationId, Operations } from './generated/operations.js'

/** What a handler receives: validated, with clamped paging, without members that the contract doesn't know. */
export interface RequestOf<Id extends OperationId> {
  readonly path: Operations[Id]['path']
  readonly query: Operations[Id]['query']
  readonly body: Operations[Id]['body']
}

type Reply<Replies> = {
  [Status in keyof Replies]: Replies[Status] extends undefined
    ? { readonly status: Status; readonly body?: undefined }
    : { readonly status: Status; readonly body: Replies[Status] }
}[keyof Replies]

/** What a handler returns: `{ status: 201, body }`, or `{ status: 204 }`. */
export type ReplyOf<Id extends OperationId> = Reply<Operations[Id]['replies']>

/** The body of an operation's success reply. */
export type ReplyBody<Id extends OperationId> = Operations[Id]['replies'][keyof Operations[Id]['replies']]
