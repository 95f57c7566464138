import { pino, type Logger } from 'pino'
import type { Settings } from '../config/settings.js'

/**
 * The log of one process, on standard output. `component` tells the processes apart: `supervisor`, `control`, `gateway`.
 */
export async function createLogger(
  { logLevel, logFormat }: Pick<Settings, 'logLevel' | 'logFormat'>,
  component: string,
): Promise<Logger> {
  const options = { level: logLevel, base: { component, pid: process.pid } }
  if (logFormat === 'json') return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime })
  const { default: pretty } = await import('pino-pretty')
  const colorize = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  return pino(
    options,
    // In this thread: a worker thread for the form of a few lines would cost each process a tenth of a second at start.
    pretty({
      colorize,
      sync: true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'component,pid',
      messageFormat: '{component}: {msg}',
    }),
  )
}
