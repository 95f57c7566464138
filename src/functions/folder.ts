/**
 * The folder in which functions lie (docs/functions.md):
 *
 *     <package>/<name>.js                          a function in one file
 *     <package>/<name>/index.ts                    or in a folder, with function.json where something is to be said of it
 *     <package>/<name>/versions/<version>/index.ts  published versions
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { FunctionAddress } from './urn.js'

/** Something that an operator has to repair; the message says what. */
export class FunctionDefect extends Error {
  override readonly name = 'FunctionDefect'
}

export interface Located {
  /** `<package>/<name>@<version>` */
  readonly key: string
  readonly version: string
  readonly file: string
  /** What of the module is called. */
  readonly handler: string
  /** Where its files are: a folder, or the file itself. */
  readonly root: string
  /** Changes whenever a file of it does. */
  readonly fingerprint: string
  /** Milliseconds; undefined: as long as its caller waits. */
  readonly timeout: number | undefined
  /** MiB of heap. */
  readonly memory: number | undefined
  readonly userData: Readonly<Record<string, string>>
}

const EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']
const MOST_FILES = 2_000

const shape = z.strictObject({
  /** `<file>.<export>`, as in FunctionGraph. */
  handler: z
    .string()
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z_$][A-Za-z0-9_$]*$/)
    .default('index.handler'),
  /** Seconds. */
  timeout: z.number().min(0.01).max(900).optional(),
  /** MiB. */
  memory_size: z.int().min(8).max(4_096).optional(),
  user_data: z.record(z.string(), z.string()).default({}),
  aliases: z.record(z.string(), z.string()).default({}),
})
type Description = z.infer<typeof shape>

/** @returns `undefined` where there is none @throws {FunctionDefect} */
export async function locate(folder: string, address: FunctionAddress): Promise<Located | undefined> {
  const { package: inPackage, name, alias } = address
  const base = join(folder, inPackage, name)
  const described = await describedIn(base)
  const aliases = described?.aliases ?? {}
  const version = alias === undefined ? address.version : Object.hasOwn(aliases, alias) ? aliases[alias] : undefined
  if (version === undefined || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(version)) return undefined
  const key = `${inPackage}/${name}@${version}`
  const isLatest = version === 'latest'
  const root = isLatest ? base : join(base, 'versions', version)
  const own = isLatest ? described : ((await describedIn(root)) ?? described)
  const description = own ?? shape.parse({})
  const [module = '', handler = ''] = description.handler.split('.')
  const limits = {
    timeout: description.timeout === undefined ? undefined : description.timeout * 1_000,
    memory: description.memory_size,
    userData: description.user_data,
  }
  const inFolder = await firstFile(join(root, module))
  if (inFolder !== undefined) {
    const fingerprint = JSON.stringify([own, await fingerprintOf(root, isLatest)])
    return { key, version, file: inFolder, handler, root, fingerprint, ...limits }
  }
  const alone = isLatest ? await firstFile(base) : undefined
  if (alone === undefined) return undefined
  return { key, version, file: alone, handler, root: alone, fingerprint: await printOf(alone), ...limits }
}

async function describedIn(directory: string): Promise<Description | undefined> {
  const file = join(directory, 'function.json')
  const text = await readFile(file, 'utf8').catch(absent)
  if (text === undefined) return undefined
  const read = shape.safeParse(parse(text))
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new FunctionDefect(`${file}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function firstFile(withoutExtension: string): Promise<string | undefined> {
  for (const extension of EXTENSIONS) {
    const file = withoutExtension + extension
    const found = await stat(file).catch(absent)
    if (found?.isFile() === true) return file
  }
  return undefined
}

/** Of all files but packages, which nobody edits, and, for the latest version, the published ones. */
async function fingerprintOf(directory: string, isLatest: boolean): Promise<string> {
  const prints: string[] = []
  const folders = [directory]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of (await readdir(folder, { withFileTypes: true }).catch(absent)) ?? []) {
      const path = join(folder, entry.name)
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.isDirectory()) {
        if (!(isLatest && folder === directory && entry.name === 'versions')) folders.push(path)
      } else if (prints.length < MOST_FILES) prints.push(await printOf(path))
    }
  }
  return prints.sort().join('\n')
}

async function printOf(file: string): Promise<string> {
  const found = await stat(file).catch(absent)
  return found === undefined ? '' : `${file} ${found.mtimeMs} ${found.size} ${found.ino}`
}

/** A file that is not there, or no more. */
function absent(error: unknown): undefined {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
  throw error
}
