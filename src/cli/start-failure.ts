import { formatListenAddress } from '../config/listen-address.js'
import { CommandFailure } from './command-failure.js'

/** Why Sluice, or one of its processes, can't start: one line that names what to change. */
export class StartFailure extends CommandFailure {
  constructor(message: string, options?: ErrorOptions) {
    super(message, 1, options)
  }
}

/**
 * The line for an error at start. `setting` is the setting whose address was to be listened on, for an error of a socket
 * doesn't know.
 */
export function failureLine(error: unknown, setting: string): string {
  if (!(error instanceof Error)) return String(error)
  const { code, address, port, syscall } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (syscall === 'listen' || syscall === 'bind' || code === 'EADDRINUSE') {
    const place =
      address === undefined ? setting : `${setting}: ${formatListenAddress({ host: address, port: port ?? 0 })}`
    if (code === 'EADDRINUSE') return `${place} is in use by another program`
    if (code === 'EACCES') return `${place} needs more rights than this user has`
    if (code === 'EADDRNOTAVAIL') return `${place} is no address of this machine`
  }
  // `getaddrinfo ENOTFOUND gw.example` names the host by itself.
  if (syscall === 'getaddrinfo') return `${setting}: ${error.message}`
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message}${cause}`.replaceAll(/\s*\n\s*/g, ' ')
}
