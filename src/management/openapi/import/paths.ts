/** The operations of a document, in its order. */
import { fault, isFault, type Fault } from '../../../contract/faults.js'
import { entries, isNode, list, member, resolve, text } from '../node.js'
import type { OpenApiFile } from './file.js'

/** One operation, with what it takes from its path and from the whole document. */
export interface FileOperation {
  /** Upper case; `ANY` for the extension. */
  readonly method: string
  /** With the base path. */
  readonly path: string
  readonly operation: Readonly<Record<string, unknown>>
  /** Those of the path, as far as the operation does not declare them itself, then its own; not resolved. */
  readonly parameters: readonly unknown[]
  /** Servers of the operation, else of its path, else of the document; 3.x only. */
  readonly servers: readonly unknown[]
}

/** An operation that cannot be read. */
export interface UnreadableOperation {
  readonly method: string
  readonly path: string
  readonly failure: Fault
}

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])

/** Beside the methods of a path, those that match by prefix where one of the same method matches exactly. */
export const PREFIX_METHODS = 'x-apigateway-prefix-methods'
export const ANY_METHOD = 'x-apigateway-any-method'

/** APIs of one import. */
const MOST_OPERATIONS = 300
/** Far above any quota of parameters; shared paths could multiply a file. */
const MOST_PARAMETERS = 1_000

/** @throws {Fault} 403 3127 too many; 400 2045 servers that are none */
export function operationsOf({ version, root }: OpenApiFile): (FileOperation | UnreadableOperation)[] {
  const base = version === '2.0' ? (text(member(root, 'basePath')) ?? '') : ''
  const found: (FileOperation | UnreadableOperation)[] = []
  const read = (path: string, declared: unknown): void => {
    const item = resolve(root, declared)
    for (const [name, value] of methodsOf(item)) {
      if (found.length >= MOST_OPERATIONS) throw fault('APIG.3127', { count: String(MOST_OPERATIONS) })
      const method = name === ANY_METHOD ? 'ANY' : name.toUpperCase()
      found.push(
        attempt(method, path, () => {
          const operation = resolve(root, value)
          if (!isNode(operation)) throw fault('APIG.3602')
          const parameters = mergedParameters(root, member(item, 'parameters'), operation['parameters'])
          return { method, path, operation, parameters, servers: serversOf(version, root, item, operation) }
        }),
      )
    }
  }
  for (const [key, declared] of entries(member(root, 'paths'))) {
    if (key.startsWith('x-')) continue
    const path = joined(base, key)
    try {
      read(path, declared)
    } catch (error) {
      if (!isFault(error) || error.code !== 'APIG.2012') throw error
      // The whole path lies elsewhere: its methods are not known.
      found.push({ method: '', path, failure: error })
    }
  }
  return found
}

function methodsOf(item: unknown): [string, unknown][] {
  const own = entries(item).filter(([name]) => methods.has(name) || name === ANY_METHOD)
  return [...own, ...entries(member(item, PREFIX_METHODS)).filter(([name]) => methods.has(name) || name === ANY_METHOD)]
}

function attempt(method: string, path: string, work: () => FileOperation): FileOperation | UnreadableOperation {
  try {
    return work()
  } catch (error) {
    if (isFault(error) && error.code !== 'APIG.2045') return { method, path, failure: error }
    throw error
  }
}

/** A declaration of the operation stands for one of the path with the same place and name. */
function mergedParameters(root: OpenApiFile['root'], ofPath: unknown, own: unknown): unknown[] {
  if (list(ofPath).length + list(own).length > MOST_PARAMETERS) throw fault('APIG.3111')
  const resolved = (value: unknown) => list(value).map((parameter) => resolve(root, parameter))
  const declared = resolved(own)
  const taken = new Set(declared.map(placeOf))
  return [...resolved(ofPath).filter((parameter) => !taken.has(placeOf(parameter))), ...declared]
}

const placeOf = (parameter: unknown): string => `${text(member(parameter, 'in'))} ${text(member(parameter, 'name'))}`

function serversOf(
  version: OpenApiFile['version'],
  root: OpenApiFile['root'],
  item: unknown,
  operation: unknown,
): readonly unknown[] {
  if (version === '2.0') return []
  const declared = [operation, item, root]
    .map((node) => member(node, 'servers'))
    .find((servers) => servers !== undefined)
  if (declared === undefined || declared === null) return []
  if (!Array.isArray(declared) || !declared.every((server) => typeof member(server, 'url') === 'string'))
    throw fault('APIG.2045')
  return declared as unknown[]
}

/** A base path ends and a path begins with a slash, and one is enough. */
function joined(base: string, path: string): string {
  const trimmed = base.replace(/\/+$/, '')
  return trimmed === '' || trimmed.startsWith('/') ? `${trimmed}${path}` : `/${trimmed}${path}`
}
