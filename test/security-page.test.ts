/** docs/security.md claims what tests show: every test and folder that it names has to be there. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const CLAIM = /`([^`]+)`(?: “([^”]+)”)?/g

describe.each(['docs/security.md', 'docs/security.zh-CN.md'])('%s', (file) => {
  const rows = readFileSync(new URL(file, root), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (?:class|类别|---)/.test(line))

  test.each(rows.map((row) => row.split(' | ')))('%s', (_class, _done, shown = '') => {
    const claims = Array.from(shown.matchAll(CLAIM))
    expect(claims.length).toBeGreaterThan(0)
    for (const [, path = '', name] of claims) {
      const place = new URL(path, root)
      expect(existsSync(place), path).toBe(true)
      if (name !== undefined) expect(readFileSync(place, 'utf8')).toContain(name)
      else if (statSync(place).isDirectory()) expect(readdirSync(place).length).toBeGreaterThan(0)
    }
  })
})
