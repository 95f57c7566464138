/** docs/life-of-a-request.md is the first page that a newcomer reads: what it names must be there, in that order. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = readFileSync(new URL('../../docs/life-of-a-request.md', import.meta.url), 'utf8')
const compile = readFileSync(new URL('routing/compile-route.ts', import.meta.url), 'utf8')

test('every file that it names exists', () => {
  const named = page.match(/(?:[\w-]+\/)*[\w.-]+\.ts\b/g) ?? []
  const missing = named.filter((file) => {
    const places = [`src/gateway/${file}`, file]
    return !places.some((place) => existsSync(new URL(`../../${place}`, import.meta.url)))
  })
  expect(named.length).toBeGreaterThan(30)
  expect(missing).toEqual([])
})

test('the phases of its picture ascend, and those of the steps are those of the code', () => {
  const picture = /```\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const phases = Array.from(picture.matchAll(/^.{26} ?(\d{1,2}) /gm), ([, number]) => Number(number))
  expect(phases).toEqual([...phases].sort((a, b) => a - b))
  const steps = Array.from(compile.matchAll(/, \/\/ ([\d, ]+)$/gm), ([, numbers = '']) =>
    numbers.split(', ').map(Number),
  )
  expect(steps.flat().length).toBeGreaterThan(5)
  expect(phases.filter((phase) => phase >= 11 && phase <= 31)).toEqual(steps.flat())
})
