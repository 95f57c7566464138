import type { LongHandlers } from '../operation.js'
import { exportedFile } from './export/export.js'
import { gather } from './export/gather.js'
import { fileText, readOpenApi } from './import/file.js'
import { importFile } from './import/import.js'
import { importOptions } from './import/options.js'

/** Files are read and written outside of transactions: that may take seconds. */
export const openApiOperations = {
  importApiDefinitionsV2: async ({ body }, transactions) => {
    const file = await readOpenApi(fileText(body.file_name.content))
    const result = await transactions.write((context) => importFile(context, file, importOptions(body)))
    return { status: 200, body: result }
  },

  exportApiDefinitionsV2: async ({ query, body }, transactions) => {
    const content = await transactions.read((context) => gather(context, body, query.oas_version ?? '2.0'))
    return { status: 200, body: await exportedFile(content, body.type ?? 'json') }
  },
} satisfies LongHandlers
