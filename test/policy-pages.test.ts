/**
 * The pages of docs/policies/, and others that users read, do what they say: all `sh` examples of a page run in one shell,
 * in their order, against a Sluice that the pages share, as a reader's would, and print the lines of its `text` blocks, in
 * that order, among others. `…` in such a line stands for anything.
 */
import { execFile } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { startSluice, type Running } from './sluice.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = new URL('../docs/policies/', import.meta.url)

interface Page {
  readonly script: string
  readonly printed: readonly string[]
}

function pageOf(file: string): Page {
  const page = readFileSync(new URL(file, folder), 'utf8')
  const blocks = [...page.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)]
  const all = (kind: string) => blocks.flatMap(([, one, content = '']) => (one === kind ? [content] : [])).join('\n')
  const printed = all('text').split('\n')
  return { script: all('sh'), printed: printed.map((line) => line.trim()).filter((line) => line !== '') }
}

/** Whether the lines are among those of the output, in their order; the first that is not. */
function missing(output: string, lines: readonly string[]): string | undefined {
  let rest = output.split(/\r?\n/).map((line) => line.trim())
  for (const line of lines) {
    const pattern = new RegExp(`^${line.split('…').map(escape).join('.*')}$`)
    const at = rest.findIndex((one) => pattern.test(one))
    if (at === -1) return line
    rest = rest.slice(at + 1)
  }
  return undefined
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Beside the policies. */
const USER_PAGES = [
  '../functions.md',
  '../authorizers.md',
  '../gateway-responses.md',
  '../orchestration.md',
  '../features.md',
  '../openapi.md',
  '../microservices.md',
]

describe('pages of policies', { timeout: 120_000 }, () => {
  const files = readdirSync(folder).filter((file) => /^[a-z-]+\.md$/.test(file))
  const pages = [...files, ...USER_PAGES]

  let sluice: Running
  beforeAll(async () => {
    sluice = await startSluice({})
  })
  afterAll(() => sluice[Symbol.asyncDispose]())

  test('there is an index, and it has all of them', () => {
    const index = readFileSync(new URL('README.md', folder), 'utf8')
    const listed = [...index.matchAll(/^\| \[[^\]]*\]\(([^)]*)\)/gm)].map(([, file]) => file)
    expect(listed.toSorted()).toEqual(files.toSorted())
  })

  test.each(pages.map((file) => [file, pageOf(file)] as const))('%s, as pasted', async (file, { script, printed }) => {
    expect([file, printed.length > 0]).toEqual([file, true])
    const port = new URL(sluice.http).port
    const pasted = script
      .replaceAll('node dist/cli/main.js', `node --no-deprecation ${inject('program')}`)
      .replaceAll('localhost:8000', `localhost:${port}`)
      .replaceAll('localhost:8443', `localhost:${new URL(sluice.https).port}`)
    const { stdout } = await run('bash', ['-euc', pasted], {
      cwd: root,
      env: { PATH: process.env['PATH'], SLUICE_DATA_DIR: sluice.dataDir, HOME: sluice.directory },
    }).catch((error: unknown) => {
      throw new Error(`the example of ${file} failed`, { cause: error })
    })
    expect(missing(stdout, printed), stdout).toBeUndefined()
  })
})
