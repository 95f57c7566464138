/** Tells control now and then what a gateway process says of itself. What does not arrive is told anew the next time. */
import { hostname } from 'node:os'
import type { GatewayFigures } from '../telemetry/gateway-figures.js'
import { post } from './control-post.js'
import type { GatewayReport } from './gateway-report.js'
import { GATEWAYS_PATH } from './paths.js'
import { Recurring } from './recurring.js'

export interface GatewayReporterOptions {
  readonly controlUrl: string | undefined
  /** The cluster token. */
  readonly token: string
  /** Of the process among those of its node, from 1. */
  readonly worker: number
  /** `undefined` while there is nothing to tell. */
  readonly collect: () => GatewayFigures | undefined
  /** Milliseconds between reports. Default 2,000. */
  readonly interval?: number
}

export class GatewayReporter {
  #controlUrl: string | undefined
  readonly #telling: Recurring

  constructor(private readonly options: GatewayReporterOptions) {
    this.#controlUrl = options.controlUrl
    this.#telling = new Recurring(() => this.#tell(), options.interval ?? 2_000)
  }

  controlIsAt(url: string): void {
    this.#controlUrl = url
    void this.flush()
  }

  /** Tells now. Resolves when it arrived, or did not. */
  flush(): Promise<void> {
    return this.#telling.now()
  }

  /** Tells for the last time: what was lost in the end is known then. */
  async close(): Promise<void> {
    await this.#telling.stop()
    await this.flush()
  }

  async #tell(): Promise<void> {
    const figures = this.options.collect()
    if (this.#controlUrl === undefined || figures === undefined) return
    const report: GatewayReport = { node: hostname(), worker: this.options.worker, figures }
    await post(new URL(GATEWAYS_PATH, this.#controlUrl), this.options.token, JSON.stringify(report))
  }
}
