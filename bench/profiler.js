/**
 * Loaded into the processes that `profile.ts` starts: the first SIGWINCH, which ends nobody, begins a CPU profile, the second one writes it to
 * `SLUICE_PROFILES`, named for the process.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const INTERVAL = 100

let session

process.on('SIGWINCH', () => {
  if (session === undefined) {
    session = new Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
    session.post('Profiler.start')
    return
  }
  session.post('Profiler.stop', (error, result) => {
    const file = `${process.env.SLUICE_PROFILES}/${process.pid}.json`
    writeFileSync(`${file}.part`, JSON.stringify(error ? { error: error.message } : result.profile))
    renameSync(`${file}.part`, file)
    session = undefined
  })
})
