/** The main job by an SDK: define an API, publish it, protect it, call it, take it back. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { recordingBackend } from '../../test/recording-backend.js'
import { startSluice } from '../../test/sluice.js'
import type { Command } from './clients.js'
import { runJob } from './job.js'

const ROOT = join(import.meta.dirname, '../..')

/** What failed: nothing, or what the program said last. */
export async function tellTheStory(command: Command): Promise<readonly string[]> {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })
  await using sluice = await startSluice({}, undefined, join(ROOT, 'dist/cli/main.js'))
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
  return ended === 0 ? [] : [`the main job: ${errors.trim()}`]
}
