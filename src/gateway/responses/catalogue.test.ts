/** The catalogue of errors, its document (responses.md §3) and the code that refuses are about the same codes. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { catalogue, codeOf } from './catalogue.js'

const gateway = fileURLToPath(new URL('..', import.meta.url))
const document = readFileSync(new URL('../../../docs/reference/data-plane/responses.md', import.meta.url), 'utf8')

const codesOf = (text = ''): string[] => Array.from(text.matchAll(/^\| (APIG\.\d{4}) \|/gm), ([, code = '']) => code)

test('every row is produced somewhere', () => {
  const files = readdirSync(gateway, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.ts$/.test(file) && !/(?:\.test|catalogue)\.ts$/.test(file),
  )
  expect(files.length).toBeGreaterThan(100)
  const source = files.map((file) => readFileSync(`${gateway}/${file}`, 'utf8')).join('\n')
  expect(Object.keys(catalogue).filter((name) => !source.includes(`'${name}'`))).toEqual([])
})

test('§3.1 has the codes of §3 that are not produced, and no others', () => {
  const [, section = ''] = /\n## 3\.([\s\S]*?)\n## 4\./.exec(document) ?? []
  const [table, never] = section.split('\n### 3.1')
  const produced = new Set(Object.keys(catalogue).map(codeOf))
  const known = codesOf(table)
  expect(known.length).toBeGreaterThan(60)
  expect(codesOf(never)).toEqual([...new Set(known)].filter((code) => !produced.has(code)))
  expect([...produced].filter((code) => !known.includes(code))).toEqual([])
})
