// Prints what failed in a JSON report of Vitest: a line for each test, and the first lines of what it said.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const told = (message) => message.split('\n').slice(0, 12).join('\n      ')

for (const file of report.testResults) {
  const failed = file.assertionResults.filter((test) => test.status === 'failed')
  if (file.status === 'failed' && failed.length === 0) console.log(`  ${file.name}\n      ${told(file.message ?? '')}`)
  for (const test of failed)
    console.log(
      `  ${file.name} (${Math.round(test.duration ?? 0)} ms): ${test.fullName}\n      ${told((test.failureMessages ?? []).join('\n'))}`,
    )
}
