/**
 * `npm run boundary`: every writable field of every operation, just inside and just outside its rules, sent to a real
 * server. Each request is answered with the contract's success, or with exactly the fault that errors.md demands.
 */
import { parseArgs } from 'node:util'
import { closeIdleServers } from '../test/management-server.js'
import { runCases } from './boundary/suite.js'

const help = `npm run boundary -- [options]
  --only WORD   only operations whose name has the word
  --show N      how many failures are printed (default 60)`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(help)
else {
  const { total, failures } = await runCases({ only: values.only })
  await closeIdleServers()
  const shown = failures.slice(0, Number(values.show))
  for (const failure of shown) console.log(failure)
  if (failures.length > shown.length) console.log(`… and ${failures.length - shown.length} more`)
  console.log(`${total - failures.length} of ${total} cases are answered as the contract says`)
  process.exitCode = failures.length === 0 ? 0 : 1
}
