/** Operations of other families, asked for by an operation: judged by the contract and done by their own handlers. */
import type { OperationId } from '../contract/generated/operations.js'
import type { ReplyOf, RequestOf } from '../contract/operation.js'
import { acceptBody } from '../contract/validation.js'
import type { Handler, OperationContext } from './operation.js'

/**
 * @param path the ids beside project and instance
 * @throws {Fault} whatever the operation would answer
 */
export async function perform<Id extends OperationId>(
  context: OperationContext,
  family: { readonly [Name in Id]: Handler<Name> },
  id: Id,
  body: unknown,
  path: Readonly<Record<string, string>> = {},
): Promise<ReplyOf<Id>> {
  const request = {
    path: { project_id: context.projectId, instance_id: context.instanceId, ...path },
    query: {},
    body: acceptBody(id, body),
  } as unknown
  return family[id](request as RequestOf<Id>, context)
}
