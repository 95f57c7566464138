/** What each role may do (authentication.md §5). */
import { operations, type OperationId } from '../contract/generated/operations.js'
import type { Role } from './caller.js'

/** Pure queries that are POST for technical reasons. */
const QUERIES: ReadonlySet<OperationId> = new Set([
  'checkApisV2',
  'checkApiGroupsV2',
  'listInstancesByTags',
  'showInstancesNumByTags',
  'exportApiDefinitionsV2',
  'exportApiDefinitionsAsync',
] satisfies OperationId[])

export const permits = (role: Role, id: OperationId): boolean => role === 'full' || isReadOperation(id)

export function isReadOperation(id: OperationId): boolean {
  return operations[id].method === 'GET' || QUERIES.has(id)
}
