// What a JSON report of Vitest says: in the first line how many tests passed, failed and were skipped; then what failed,
// each with the first lines of what it said.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const told = (message) => message.split('\n').slice(0, 12).join('\n      ')
const isFailed = ({ status }) => status === 'failed'

// A file that cannot even be read has no test that failed.
const broken = report.testResults.filter((file) => isFailed(file) && !file.assertionResults.some(isFailed))
const failed = Number(report.numFailedTests) + Number(broken.length)
const skipped = Number(report.numPendingTests) + Number(report.numTodoTests)
console.log(report.numPassedTests, failed, skipped)
for (const { name, message } of broken) console.log(`  ${name}\n      ${told(message ?? '')}`)
for (const file of report.testResults)
  for (const { duration, fullName, failureMessages } of file.assertionResults.filter(isFailed))
    console.log(
      `  ${file.name} (${Math.round(duration ?? 0)} ms): ${fullName}\n      ${told((failureMessages ?? []).join('\n'))}`,
    )
