/**
 * Keeps the ports open that instances have beside the gateway's own, and no others. Changes are made one after the
 * other, in the background: a port that cannot be had holds up nothing.
 */
import type { CustomPorts } from '../routing/ingress-ports.js'
import type { Engine, Listener } from './engine.js'

export interface IngressPortsOptions {
  /** Addresses to listen on; `undefined`: this protocol is not served. */
  readonly http: string | undefined
  readonly https: string | undefined
  readonly onConflict: (conflict: string) => void
}

export class IngressPorts {
  readonly #open = new Map<number, Listener>()
  #wanted: CustomPorts['open'] = new Map()
  /** What was told already, and is still so. */
  #told: ReadonlySet<string> = new Set()
  #failed = new Set<string>()
  #closed = false
  /** Resolves when all that was asked for so far is done. */
  settled: Promise<void> = Promise.resolve()

  constructor(
    private readonly engine: Engine,
    private readonly options: IngressPortsOptions,
  ) {}

  /** From now on these ports are wanted; the others are closed, and what is open of their connections goes on. */
  follow({ open, conflicts }: CustomPorts): void {
    if (open === this.#wanted) return
    this.#wanted = open
    this.settled = this.settled.then(() => this.#change(open, conflicts))
  }

  close(): Promise<void> {
    this.#closed = true
    // The engine closes its listeners itself.
    return this.settled
  }

  async #change(wanted: CustomPorts['open'], conflicts: readonly string[]): Promise<void> {
    // What came in the meantime is newer.
    if (wanted !== this.#wanted || this.#closed) return
    for (const [port, listener] of this.#open) {
      if (wanted.get(port) === protocolOf(listener)) continue
      listener.close()
      this.#open.delete(port)
    }
    this.#failed = new Set(conflicts)
    for (const [port, protocol] of wanted) if (!this.#open.has(port)) await this.#listen(port, protocol)
    for (const conflict of this.#failed) if (!this.#told.has(conflict)) this.options.onConflict(conflict)
    this.#told = this.#failed
  }

  async #listen(port: number, protocol: 'HTTP' | 'HTTPS'): Promise<void> {
    const host = protocol === 'HTTP' ? this.options.http : this.options.https
    if (host === undefined) {
      this.#failed.add(`${protocol} port ${port} is not open: this gateway does not serve ${protocol}`)
      return
    }
    try {
      const opening = protocol === 'HTTP' ? this.engine.listen(host, port) : this.engine.listenSecure(host, port)
      const listener = await opening
      if (this.#closed) listener.close()
      else this.#open.set(port, listener)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#failed.add(`${protocol} port ${port} is not open: ${reason}`)
    }
  }
}

const protocolOf = ({ secure }: Listener): 'HTTP' | 'HTTPS' => (secure ? 'HTTPS' : 'HTTP')
