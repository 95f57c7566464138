/** Entry of the control process: the management API. */
import { setFlagsFromString } from 'node:v8'
import { startControl } from '../management/server.js'
import { runChild, tellSupervisor } from './child-link.js'
import { exitOnDefect } from './exit-on-defect.js'
import { createLogger } from './logger.js'
import { registryAccess } from './registry-access.js'

// Much of what lists make is garbage at once, beside a snapshot that stays: by itself V8 lets the heap grow to several times
// what is alive before it looks. Measured by `npm run bench:management`: a third less memory, no more CPU.
setFlagsFromString('--heap-growing-percent=80')

runChild('management_listen', async ({ settings, clusterToken }) => {
  const logger = await createLogger(settings, 'control')
  exitOnDefect(logger)
  const control = await startControl(settings, logger, clusterToken, registryAccess(settings))
  const { address, created } = control
  tellSupervisor({ kind: 'ready', address, ...(created === undefined ? {} : { created }) })
  return {
    started: Promise.resolve(),
    receive: (message) => {
      if (message.kind === 'reload') logger.level = message.logLevel
    },
    drain: () => control.close(),
  }
})
