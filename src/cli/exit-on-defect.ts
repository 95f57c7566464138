import type { Logger } from 'pino'

/** After an error that nobody expected a process can't be trusted: it says so and ends, and the supervisor replaces it. */
export function exitOnDefect(logger: Logger): void {
  const end = (error: unknown) => {
    logger.fatal({ err: error }, 'a defect ends this process')
    process.exit(1)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}
