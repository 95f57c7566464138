/**
 * YAML in a thread of its own: its parser takes seconds for the largest files, and a file may be made to take longer.
 * The thread has a limit of memory and of time; management goes on meanwhile.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

/** Milliseconds. */
const LONGEST = 30_000
const MEMORY_MB = 512

/** Characters of JSON that a file may turn into: aliases repeat what they stand for. */
const LARGEST = 32 * 1024 * 1024

/** Aliases count by what they stand for: a file in which each line doubles the one before it stops here. */
const MOST_ALIASED = 1_000

// A text, so that the thread runs the same from the sources and when shipped. Keys are compared in a set here: the
// parser compares each with each other. Circles of aliases fail in JSON.stringify.
const PROGRAM = `
const { parentPort, workerData } = await import('node:worker_threads')
const { parseDocument, stringify, isMap, isPair, isScalar, visit } = await import(workerData.yaml)
function parse(text) {
  const document = parseDocument(text, { uniqueKeys: false, merge: true, prettyErrors: false, logLevel: 'silent' })
  if (document.errors.length > 0) return undefined
  let unique = true
  visit(document, {
    Map(_, map) {
      const keys = map.items.map(({ key }) => (isScalar(key) ? key.value : undefined)).filter((key) => key !== '<<')
      if (new Set(keys).size < keys.length) { unique = false; return visit.BREAK }
    },
  })
  const json = unique ? JSON.stringify(document.toJS({ maxAliasCount: workerData.mostAliased })) : undefined
  return json === undefined || json.length > workerData.largest ? undefined : json
}
let result
try {
  result = workerData.job === 'parse'
    ? parse(workerData.text)
    : stringify(JSON.parse(workerData.text), { lineWidth: 0, aliasDuplicateObjects: false })
} catch {
  result = undefined
}
parentPort.postMessage(result)
`

/** The document as JSON text; undefined when the text is not YAML, or more than a document of its size may be. */
export function yamlToJson(yaml: string): Promise<string | undefined> {
  return run('parse', yaml)
}

export async function jsonToYaml(json: string): Promise<string> {
  const yaml = await run('stringify', json)
  if (yaml === undefined) throw new Error('a document could not be written as YAML')
  return yaml
}

function run(job: 'parse' | 'stringify', text: string): Promise<string | undefined> {
  const yaml = pathToFileURL(createRequire(import.meta.url).resolve('yaml')).href
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`), {
    workerData: { job, text, yaml, mostAliased: MOST_ALIASED, largest: LARGEST },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: [],
  })
  return new Promise((resolve) => {
    const timer = setTimeout(() => void worker.terminate(), LONGEST)
    const end = (result: string | undefined): void => {
      clearTimeout(timer)
      resolve(result)
    }
    worker.once('message', end)
    // Out of memory, or ended for taking too long.
    worker.once('error', () => end(undefined))
    worker.once('exit', () => end(undefined))
  })
}
