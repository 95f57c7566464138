/** Tasks as they are stored: everything that a later process needs to do them. */
import type { OperationId } from '../../contract/generated/operations.js'
import type { ExportOpenApiReq } from '../../contract/generated/schemas.js'
import type { Caller } from '../../iam/caller.js'
import type { AsyncTaskRow } from '../../store/schema.js'
import type { OasVersion } from '../openapi/export/content.js'
import type { ImportOptions } from '../openapi/import/options.js'
import type { OperationContext } from '../operation.js'

/** In whose name, and where. */
interface TaskOrigin {
  readonly instanceId: string
  readonly projectId: string
  readonly caller: Caller
}

export interface ImportTask {
  readonly type: 'import_api'
  readonly options: ImportOptions
  /** The file as it came. */
  readonly file: string
}

export interface ExportTask {
  readonly type: 'export_api'
  readonly selection: ExportOpenApiReq
  readonly oasVersion: OasVersion
}

export type StoredTask = TaskOrigin & (ImportTask | ExportTask)

/** The operation that a task belongs to. */
export const taskOperation = {
  import_api: 'importApiDefinitionsAsync',
  export_api: 'exportApiDefinitionsAsync',
} as const satisfies Record<StoredTask['type'], OperationId>

/** A new task, in the state in which it waits. */
export function newTask(
  { instanceId, projectId, caller, now, newId }: OperationContext,
  task: ImportTask | ExportTask,
): AsyncTaskRow {
  return {
    id: newId(),
    instance_id: instanceId,
    type: task.type,
    status: 'waiting',
    request: JSON.stringify({ ...task, instanceId, projectId, caller } satisfies StoredTask),
    result: '',
    created_at: now,
    updated_at: now,
  }
}

/** The column was written by `newTask`. */
export function readTask({ request }: AsyncTaskRow): StoredTask {
  return JSON.parse(request) as StoredTask
}
