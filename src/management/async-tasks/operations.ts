import { fault } from '../../contract/faults.js'
import { findTask, insertTask } from '../../store/async-tasks.js'
import { fileText } from '../openapi/import/file.js'
import { importOptions } from '../openapi/import/options.js'
import type { Handlers, LongHandlers } from '../operation.js'
import { newTask } from './stored-task.js'

export const asyncTaskOperations = {
  showAsyncTaskResult: async ({ path }, { db, instanceId }) => {
    const task = await findTask(db, instanceId, path.task_id)
    if (task === undefined) throw fault('APIG.3093', { id: path.task_id }, 'asyncTask')
    return {
      status: 200,
      body: { task_id: task.id, task_type: task.type, task_status: task.status, task_result: task.result },
    }
  },
} satisfies Handlers

/** What is wrong with the request itself is answered at once; everything else is the result of the task. */
export const asyncTaskStarters = {
  importApiDefinitionsAsync: async ({ body }, transactions, { tasks }) => {
    const file = fileText(body.file_name.content)
    const id = await transactions.write(async (context) => {
      const task = newTask(context, { type: 'import_api', options: importOptions(body), file })
      await insertTask(context.db, task)
      return task.id
    })
    tasks.wake()
    return { status: 202, body: { task_id: id } }
  },

  exportApiDefinitionsAsync: async ({ query, body }, transactions, { tasks }) => {
    if (!body.env_id && body.define !== 'dev') throw fault('APIG.2001', { name: 'env_id' })
    const id = await transactions.write(async (context) => {
      const oasVersion = query.oas_version ?? '2.0'
      const task = newTask(context, { type: 'export_api', selection: body, oasVersion })
      await insertTask(context.db, task)
      return task.id
    })
    tasks.wake()
    return { status: 202, body: { task_id: id } }
  },
} satisfies LongHandlers
