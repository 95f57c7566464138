/** From the bytes of a file to a document whose version is known (openapi-extensions.md §2.2). */
import { fault } from '../../../contract/faults.js'
import { readJson } from '../../../contract/json-text.js'
import { isNode, member, type Node } from '../node.js'
import { yamlToJson } from '../yaml-worker.js'

export interface OpenApiFile {
  readonly version: '2.0' | '3.x'
  readonly root: Node
}

/** Bytes. */
const LARGEST = 3 * 1024 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The text of a file.
 *
 * @throws {Fault} 400 3603 too long, 3609 empty, 3600 not a text
 */
export function fileText(content: Uint8Array): string {
  if (content.length > LARGEST) throw fault('APIG.3603')
  const text = decode(content)
  if (text.trim() === '') throw fault('APIG.3609')
  return text
}

/** @throws {Fault} 400 3600 neither JSON nor YAML, 3601 another version, 3602 not the form of an OpenAPI document */
export async function readOpenApi(text: string): Promise<OpenApiFile> {
  const root = readJson(text) ?? readJson((await yamlToJson(text)) ?? '')
  if (!isNode(root)) throw fault('APIG.3600')
  const version = versionOf(root)
  if (!isNode(member(root, 'paths')) || hasWrongForm(root)) throw fault('APIG.3602')
  return { version, root }
}

function decode(content: Uint8Array): string {
  try {
    return utf8.decode(content)
  } catch (error) {
    if (error instanceof TypeError) throw fault('APIG.3600')
    throw error
  }
}

/** Without quotes, YAML reads a number. */
function versionOf(root: Node): OpenApiFile['version'] {
  const [swagger, openapi] = [member(root, 'swagger'), member(root, 'openapi')]
  if (swagger === '2.0' || swagger === 2) return '2.0'
  if (swagger === undefined && /^3\.[01](?:\.\d+)?$/.test(String(openapi))) return '3.x'
  throw fault('APIG.3601')
}

/** What is there but of another type, where a member of that name could not be read at all. */
function hasWrongForm(root: Node): boolean {
  const objects = ['info', 'components', 'securityDefinitions', 'parameters', 'responses', 'definitions']
  const lists = ['security', 'tags', 'schemes']
  return (
    objects.some((name) => !isAbsent(root[name]) && !isNode(root[name])) ||
    lists.some((name) => !isAbsent(root[name]) && !Array.isArray(root[name]))
  )
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null
