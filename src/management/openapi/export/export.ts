/** An export as a file. */
import type { FileReply } from '../../../contract/operation-parts.js'
import type { ExportOpenApiReq } from '../../../contract/generated/schemas.js'
import { jsonToYaml } from '../yaml-worker.js'
import type { ExportContent } from './content.js'
import { openApiDocument } from './document.js'

export type FileType = NonNullable<ExportOpenApiReq['type']>

export async function exportedText(content: ExportContent, type: FileType): Promise<string> {
  const document = openApiDocument(content)
  return type === 'json' ? `${JSON.stringify(document, null, '\t')}\n` : jsonToYaml(JSON.stringify(document))
}

export async function exportedFile(content: ExportContent, type: FileType): Promise<FileReply> {
  return { fileName: `${content.group.name}.${type}`, content: await exportedText(content, type) }
}
