/** What tasks do: the same as the operations that clients wait for. */
import { exportedText } from '../openapi/export/export.js'
import { gather } from '../openapi/export/gather.js'
import { readOpenApi } from '../openapi/import/file.js'
import { importFile } from '../openapi/import/import.js'
import type { TaskWork } from './runner.js'

export const taskWork: TaskWork = async (task, transactions, end) => {
  if (task.type === 'import_api') {
    const file = await readOpenApi(task.file)
    await transactions.write(async (context) => {
      const result = await importFile(context, file, task.options)
      await end(context, JSON.stringify(result))
    })
    return
  }
  const { type = 'json', define = 'spec' } = task.selection
  const content = await transactions.read((context) => gather(context, task.selection, task.oasVersion))
  const text = await exportedText(content, type)
  const fileName = [content.group.name, content.environmentName, define, content.documentVersion]
  // The reference describes the last two members, and its example has the others.
  const result = {
    FileName: fileName.filter((part) => part !== '').join('-'),
    FileType: `.${type}`,
    Comment: text,
    file_type: type,
    content: text,
  }
  await transactions.write((context) => end(context, JSON.stringify(result)))
}
