/**
 * `npm run conformance:go`, `npm run conformance:java`: Huawei's own SDK in that language, unmodified. The main job,
 * against a whole Sluice as `sluice start` runs it; then every operation, with every form of request that the contract
 * allows and some that it does not, against a server that undoes each: what comes back has to fit the SDK's types.
 */
import { parseArgs } from 'node:util'
import { closeIdleServers } from '../test/management-server.js'
import { clients } from './sdk/clients.js'
import { tellTheStory } from './sdk/end-to-end.js'
import { callEverything } from './sdk/operations.js'

const help = `npm run conformance:go -- [options]   (or conformance:java)
  --only WORD   only operations whose name has the word, and not the main job
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

const client = clients[positionals[0] ?? '']
if (values.help || client === undefined) console.log(help)
else {
  const command = client.build()
  const failures: string[] = []
  if (values.only === '') failures.push(...(await tellTheStory(command)))
  const outcome = await callEverything(command, client, { only: values.only, every: Number(values.every) })
  failures.push(...outcome.failures)
  await closeIdleServers()
  for (const failure of failures.slice(0, Number(values.show))) console.log(`✗ ${failure}`)
  if (failures.length > Number(values.show)) console.log(`… and ${failures.length - Number(values.show)} more`)
  for (const remark of outcome.remarks) console.log(remark)
  console.log(`${client.name}: ${failures.length === 0 ? 'passed' : `${failures.length} failures`}`)
  process.exitCode = failures.length === 0 ? 0 : 1
}
