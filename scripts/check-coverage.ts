/**
 * Which of the checks at the end of each document of the data plane's reference have a test. A test says which it shows by
 * how its title begins: `policies.md 11: …`, or `policies.md 11, 12: …`; in Python, its docstring. With the path of a
 * JSON report of Vitest as an argument it also says whether they passed. The exit code is 1 when a check has no test
 * and is no known gap, or has one that failed.
 */
import { readdirSync, readFileSync } from 'node:fs'

const DOCUMENTS = 'docs/reference/data-plane'
const FOLDERS = ['src', 'test', 'conformance']
const TEST = /(\.test\.ts|_test\.py)$/

/** Documents whose tests do not carry the names of checks yet, and single checks whose feature is not built. */
const GAPS = new Set<string>(JSON.parse(readFileSync('scripts/check-gaps.json', 'utf8')) as string[])

interface Check {
  readonly text: string
  readonly tests: Set<string>
  readonly results: Set<string>
}

const checks = new Map<string, Check>()
for (const document of readdirSync(DOCUMENTS).filter((name) => name.endsWith('.md'))) {
  const [, section = ''] = readFileSync(`${DOCUMENTS}/${document}`, 'utf8').split(/^## (?:\d+\. )?Checks$/m)
  for (const [, number = '', text = ''] of section.matchAll(/^(\d+)\. (.*)$/gm))
    checks.set(`${document} ${number}`, { text, tests: new Set(), results: new Set() })
}

const unknown: string[] = []
for (const file of FOLDERS.flatMap((folder) => testsIn(folder)))
  for (const [, start = ''] of readFileSync(file, 'utf8').matchAll(/['"`]([a-z0-9-]+\.md \d+(?:, \d+)*): /g))
    for (const name of namesIn(start)) {
      const check = checks.get(name)
      if (check === undefined) unknown.push(`${file}: there is no check ${name}`)
      else check.tests.add(file)
    }

const [report] = process.argv.slice(2)
if (report !== undefined) {
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { title: string; status: string }[] }[]
  }
  for (const { title, status } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const [, start = ''] = /^([a-z0-9-]+\.md \d+(?:, \d+)*): /.exec(title) ?? []
    for (const name of namesIn(start)) checks.get(name)?.results.add(status)
  }
}

let missing = 0
for (const [name, { text, tests, results }] of checks) {
  const isGap = tests.size === 0 && GAPS.has(name)
  const failed = results.has('failed')
  if (failed || (tests.size === 0 && !isGap)) missing++
  const state = isGap
    ? 'gap'
    : tests.size === 0
      ? 'NO TEST'
      : failed
        ? 'FAILED'
        : [...results].join(' ') || 'has a test'
  console.log(`${name.padEnd(30)} ${state.padEnd(12)} ${tests.size === 0 ? text : [...tests].sort().join(' ')}`)
}
for (const problem of unknown) console.error(problem)
const shown = [...checks.values()].filter(({ tests }) => tests.size > 0).length
console.log(`${shown} of ${checks.size} checks have a test under their name`)
if (missing + unknown.length > 0) process.exitCode = 1

function namesIn(start: string): string[] {
  const [document = '', numbers = ''] = start.split(' ', 1).concat(start.slice(start.indexOf(' ') + 1))
  return start === '' ? [] : numbers.split(', ').map((number) => `${document} ${number}`)
}

function testsIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => TEST.test(name))
  return names.map((name) => `${folder}/${name}`)
}
