/**
 * `npm run conformance:go`, `conformance:java`, `conformance:node`: Huawei's own SDK in that language, unmodified. The main job,
 * against a whole Sluice as `sluice start` runs it; then every operation, with every form of request that the contract
 * allows and some that it does not, against a server that undoes each: what comes back has to fit the SDK's types.
 */
import { parseArgs } from 'node:util'
import { closeIdleServers } from '../test/management-server.js'
import { clients } from './sdk/clients.js'
import { tellTheStory } from './sdk/end-to-end.js'
import { readContract } from './sdk/contract-replies.js'
import { callEverything, type Outcome } from './sdk/operations.js'

const help = `npm run conformance:go -- [options]   (or conformance:java, conformance:node)
  --only WORD   only operations whose name has the word, and nothing else
  --every N     every N-th of the requests that the contract does not allow (default 10)
  --show N      how many failures are printed (default 60)`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    every: { type: 'string', default: '10' },
    show: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
})

const nothing: Outcome = { failures: [], remarks: [] }
const client = clients[positionals[0] ?? '']
if (values.help || client === undefined) console.log(help)
else {
  const command = client.build()
  const story = values.only === '' ? await tellTheStory(command) : nothing
  const contract = values.only === '' && !client.hasNoOperations ? await readContract(command, client) : nothing
  const selection = { only: values.only, every: Number(values.every) }
  const calls = client.hasNoOperations ? nothing : await callEverything(command, client, selection)
  const outcomes = [story, contract, calls]
  const failures = outcomes.flatMap((each) => each.failures)
  await closeIdleServers()
  for (const failure of failures.slice(0, Number(values.show))) console.log(`✗ ${failure}`)
  if (failures.length > Number(values.show)) console.log(`… and ${failures.length - Number(values.show)} more`)
  for (const remark of outcomes.flatMap((each) => each.remarks)) console.log(remark)
  console.log(`${client.name}: ${failures.length === 0 ? 'passed' : `${failures.length} failures`}`)
  process.exitCode = failures.length === 0 ? 0 : 1
}
