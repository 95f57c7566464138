/** Entry of the control process: the management API. */
import { startControl } from '../management/server.js'
import { runChild, tellSupervisor } from './child-link.js'
import { exitOnDefect } from './exit-on-defect.js'
import { createLogger } from './logger.js'

runChild('management_listen', async ({ settings, clusterToken }) => {
  const logger = await createLogger(settings, 'control')
  exitOnDefect(logger)
  const control = await startControl(settings, logger, clusterToken)
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
