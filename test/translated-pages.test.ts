/**
 * What users read is there in Chinese as well, and says the same as far as a machine can tell: the examples are the same
 * but for their comments, and so are the kinds of headings, the sizes of tables, and whatever is set as code.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const docs = new URL('../docs/', import.meta.url)
const inFolder = (folder: string): string[] => readdirSync(new URL(folder, docs)).map((file) => `${folder}${file}`)

/** For those who change Sluice, or made from what it is. */
const ENGLISH_ONLY = ['http2.md', 'life-of-a-request.md', 'performance.md']

const translated = (file: string): string => file.replace(/\.md$/, '.zh-CN.md')
const files = [...inFolder('./'), ...inFolder('policies/')].map((file) => file.replace('./', ''))
const pages = files.filter(
  (file) => file.endsWith('.md') && !file.endsWith('.zh-CN.md') && !ENGLISH_ONLY.includes(file),
)

function read(file: string) {
  const text = readFileSync(new URL(file, docs), 'utf8')
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
  const prose = text.replace(/^```\w*\n[\s\S]*?^```$/gm, '')
  const rows = [...prose.matchAll(/^\|.*$/gm)].map(([row]) => row)
  const codes = [...prose.replaceAll('\n', ' ').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return {
    text,
    links,
    blocks: blocks.map(([, language, code = '']) => [language, code.replace(/(^|[ \t]+)#(?: .*)?$/gm, '').trimEnd()]),
    headings: [...prose.matchAll(/^#+ /gm)].map(([mark]) => mark),
    indented: [...prose.matchAll(/^ {4}\S.*$/gm)].map(([line]) => line),
    columns: rows.map((row) => row.replaceAll(/`[^`]*`/g, '').split('|').length),
    firstCells: rows.map((row) => /^\| (`[^`]+`) \|/.exec(row)?.[1]).filter((cell) => cell !== undefined),
    codes: [...new Set(codes)].sort(),
  }
}

describe('pages in Chinese', () => {
  test('there are some', () => {
    expect(pages).toContain('policies/cors.md')
  })

  test.each(pages)('%s', (file) => {
    const [original, translation] = [read(file), read(translated(file))]
    const name = file.replace(/^.*\//, '')
    expect(original.text).toContain(`\n[简体中文](${translated(name)})\n`)
    expect(translation.text).toContain(`\n[English](${name})\n`)
    for (const aspect of ['blocks', 'headings', 'indented', 'columns', 'firstCells', 'codes'] as const)
      expect([aspect, translation[aspect]]).toEqual([aspect, original[aspect]])
  })

  test.each(pages.flatMap((file) => [file, translated(file)]))('%s leads to pages in its language', (file) => {
    const isChinese = (name: string): boolean => name.endsWith('.zh-CN.md')
    const targets = read(file)
      .links.map((link) => new URL(link, new URL(file, docs)))
      .filter(({ protocol, pathname }) => protocol === docs.protocol && pathname.endsWith('.md'))
      .map(({ pathname }) => pathname.slice(docs.pathname.length))
    const [counterpart, ...others] = targets
    expect(counterpart).toBe(isChinese(file) ? file.replace('.zh-CN', '') : translated(file))
    for (const target of others) {
      const hasCounterpart = pages.includes(target.replace('.zh-CN', ''))
      expect([target, isChinese(target)]).toEqual([target, isChinese(file) && hasCounterpart])
      expect([target, existsSync(new URL(target, docs))]).toEqual([target, true])
    }
  })
})
