/** The group that imported APIs come into. */
import { fault, isFault } from '../../../contract/faults.js'
import { acceptBody } from '../../../contract/validation.js'
import { findGroup } from '../../../store/groups.js'
import { groupOperations } from '../../groups/operations.js'
import type { OperationContext } from '../../operation.js'
import { member, present, text } from '../node.js'
import type { OpenApiFile } from './file.js'
import { perform } from '../../perform.js'

/** Characters of a group's remark: a longer description is cut. */
const LONGEST_REMARK = 1_000

/**
 * @param groupId undefined for a new group, named by the document
 * @throws {Fault} 404 3001; 400 2044 for a title that can be no name, 3201; 403 3101
 */
export async function targetGroup(
  context: OperationContext,
  { root }: OpenApiFile,
  groupId: string | undefined,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  if (groupId !== undefined) {
    const group = await findGroup(context.db, context.instanceId, groupId)
    if (group === undefined) throw fault('APIG.3001', {}, 'import')
    return { id: group.id, isNew: false }
  }
  const info = member(root, 'info')
  const remark = text(member(info, 'description'))?.slice(0, LONGEST_REMARK)
  const body = present({ name: text(member(info, 'title')), remark })
  titleIsName(body)
  const reply = await perform(context, groupOperations, 'createApiGroupV2', body)
  return { id: reply.body.id, isNew: true }
}

function titleIsName(body: unknown): void {
  try {
    acceptBody('createApiGroupV2', body)
  } catch (error) {
    if (isFault(error)) throw fault('APIG.2044')
    throw error
  }
}
