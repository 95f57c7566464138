/** The page on features names every feature that can be switched, with what it is configured to by default. */
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { features } from '../src/management/features/catalogue.js'

const docs = new URL('../docs/', import.meta.url)
const pages = readdirSync(docs).filter((file) => /^features(\..+)?\.md$/.test(file))

/** Not written out: the value is longer than the page. */
const LONG = 'ssl_ciphers'

test.each(pages)('%s has all features', (file) => {
  const rows = [...readFileSync(new URL(file, docs), 'utf8').matchAll(/^\| `(\w+)` \| (?:`(.*?)`|[^`|]*) \|/gm)]
  const told = Object.fromEntries(rows.map(([, name = '', config]) => [name, name === LONG ? undefined : config]))
  const real = Object.entries(features).map(([name, { config }]) => [name, name === LONG ? undefined : config])
  expect(told).toEqual(Object.fromEntries(real))
})

test('there is one', () => {
  expect(pages).toContain('features.md')
})
