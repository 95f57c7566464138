/**
 * Which of the scenarios of the management reference have a test under their number. A test says which it shows by how
 * its title begins: `47: …`, or `108, 109: …`; in Python, its docstring. The exit code is 1 when one has none.
 */
import { readdirSync, readFileSync } from 'node:fs'

const SCENARIOS = 'docs/reference/management/scenarios.md'

/** Where scenarios of management are shown. Numbers in tests of the gateway are those of the data plane's reference. */
const FOLDERS = ['src/management', 'src/iam', 'test', 'conformance']
const TEST = /(\.test\.ts|_test\.py)$/

/** The beginning of a text. */
const NUMBERED = /['"`](\d{1,3}(?:, \d{1,3})*): /g

const scenarios = new Map<number, { text: string; tests: Set<string> }>()
for (const [, number, text] of readFileSync(SCENARIOS, 'utf8').matchAll(/^(\d+)\. (.*)$/gm))
  scenarios.set(Number(number), { text: text ?? '', tests: new Set() })

const unknown: string[] = []
for (const file of FOLDERS.flatMap((folder) => testsIn(folder)))
  for (const [, numbers = ''] of readFileSync(file, 'utf8').matchAll(NUMBERED))
    for (const number of numbers.split(', ')) {
      const scenario = scenarios.get(Number(number))
      if (scenario === undefined) unknown.push(`${file}: there is no scenario ${number}`)
      else scenario.tests.add(file)
    }

const missing = [...scenarios].filter(([, { tests }]) => tests.size === 0)
if (process.argv.includes('--verbose'))
  for (const [number, { tests }] of scenarios)
    console.log(`${String(number).padStart(3)}  ${[...tests].sort().join(' ')}`)
for (const [number, { text }] of missing) console.error(`no test begins with '${number}: ': ${text}`)
for (const problem of unknown) console.error(problem)
console.log(`${scenarios.size - missing.length} of ${scenarios.size} scenarios have a test`)
if (missing.length + unknown.length > 0) process.exitCode = 1

function testsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => TEST.test(name))
  return names.map((name) => `${folder}/${name}`)
}
