/**
 * Which operations of the contract have a handler, by family. `--json` prints the same as data. The exit code is 1 when
 * one has none.
 */
import { operations, type OperationId } from '../src/contract/generated/operations.js'
import { isHandled } from '../src/management/operations.js'

interface FamilyCoverage {
  family: string
  total: number
  implemented: number
  /** Answered with 501. */
  missing: OperationId[]
}

const ids = Object.keys(operations) as OperationId[]
const families = new Map<string, FamilyCoverage>()
for (const id of ids.toSorted()) {
  const family = operations[id].tag
  const coverage = families.get(family) ?? { family, total: 0, implemented: 0, missing: [] }
  families.set(family, coverage)
  coverage.total += 1
  if (!isHandled(id)) coverage.missing.push(id)
  else coverage.implemented += 1
}

const rows = [...families.values()].toSorted((a, b) => a.family.localeCompare(b.family, 'en'))
const missing = rows.flatMap((row) => row.missing)
const total = { implemented: ids.length - missing.length, total: ids.length }

if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ ...total, families: rows }, null, 2))
} else {
  const width = Math.max(...rows.map((row) => row.family.length))
  for (const row of rows) {
    console.log(`${row.family.padEnd(width)}  ${String(row.implemented).padStart(3)}/${row.total}`)
    for (const id of row.missing)
      console.log(`      501  ${operations[id].method.padEnd(6)} ${operations[id].path}  ${id}`)
  }
  console.log(`\n${total.implemented} of ${total.total} operations`)
}
if (missing.length > 0) process.exitCode = 1
