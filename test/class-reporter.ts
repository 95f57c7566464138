/** Summary of `npm run torture`: cases by class, which is the folder of the corpus, and whatever did not go as it should. */
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node'

interface Class {
  readonly cases: Set<string>
  readonly failed: string[]
}

export default class ClassReporter implements Reporter {
  readonly #classes = new Map<string, Class>()
  readonly #started = performance.now()
  #broken = 0

  onTestModuleEnd(module: TestModule): void {
    for (const error of module.errors()) {
      this.#broken++
      console.error(`${relative('', module.moduleId)}: ${error.message}`)
    }
  }

  onTestCaseResult(test: TestCase): void {
    const file = (test.parent as TestSuite).name
    const name = file.slice(0, Math.max(file.lastIndexOf('/'), 0)) || 'other'
    const found = this.#classes.get(name) ?? { cases: new Set(), failed: [] }
    this.#classes.set(name, found)
    found.cases.add(file)
    const result = test.result()
    if (result.state !== 'failed') return
    found.failed.push(`${file}, ${test.name}: ${result.errors.map(({ message }) => message).join('; ')}`)
  }

  onTestRunEnd(): void {
    const classes = [...this.#classes].sort(([a], [b]) => (a < b ? -1 : 1))
    const rows = classes.map(([name, { cases, failed }]) => [name, cases.size, failed.length] as const)
    const sum = (index: 1 | 2): number => rows.reduce((total, row) => total + row[index], 0)
    console.log(`${'class'.padEnd(16)}${'cases'.padStart(7)}${'failed'.padStart(8)}`)
    for (const [name, cases, failed] of [...rows, ['all', sum(1), sum(2) + this.#broken] as const]) {
      console.log(`${name.padEnd(16)}${String(cases).padStart(7)}${String(failed).padStart(8)}`)
    }
    for (const [, { failed }] of classes) for (const failure of failed) console.log(`\n${failure}`)
    console.log(`\nwhole, byte by byte, and cut at every position: ${this.#seconds()} s`)
  }

  #seconds(): string {
    return ((performance.now() - this.#started) / 1000).toFixed(0)
  }
}
