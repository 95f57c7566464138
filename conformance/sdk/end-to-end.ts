/** The main job by an SDK: define an API, publish it, protect it, call it, take it back. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeProgram } from '../../test/program.js'
import { recordingBackend } from '../../test/recording-backend.js'
import { startSluice } from '../../test/sluice.js'
import type { Command } from './clients.js'
import { runJob } from './job.js'
import type { Outcome } from './operations.js'

export async function tellTheStory(command: Command): Promise<Outcome> {
  const { main, remove } = await makeProgram()
  try {
    return await tell(command, main)
  } finally {
    await remove()
  }
}

async function tell(command: Command, program: string): Promise<Outcome> {
  await using sluice = await startSluice({}, undefined, program)
  await using backend = await recordingBackend()
  backend.answer = (response, { target, headers }) => {
    const { pathname, searchParams } = new URL(target, 'http://backend')
    const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]))
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ path: pathname, query, headers }))
  }
  const credentials = JSON.parse(readFileSync(join(sluice.dataDir, 'credentials.json'), 'utf8')) as Record<
    string,
    string
  >
  const { ended, errors } = await runJob(command, 'end-to-end', {
    endpoint: sluice.management,
    accessKey: credentials['access_key'],
    secretKey: credentials['secret_key'],
    projectId: credentials['project_id'],
    instanceId: credentials['instance_id'],
    gateway: new URL(sluice.http).host,
    backend: backend.address,
    requests: [],
  })
  return ended === 0
    ? { failures: [], remarks: ['the main job, through a whole Sluice'] }
    : { failures: [`the main job: ${errors.trim()}`], remarks: [] }
}
