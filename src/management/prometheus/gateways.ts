/** What gateway processes have told of themselves, kept in memory: whoever starts anew is told again within seconds. */
import type { GatewayReport } from '../../snapshot/gateway-report.js'
import type { CircuitFigures } from '../../telemetry/gateway-figures.js'

/** Milliseconds that a report holds: some scrapes long, so that the last losses of a process are seen. */
const HOLDS = 60_000
/** Processes that are remembered. */
const MOST = 1_024

export class Gateways {
  readonly #reports = new Map<string, { readonly at: number; readonly report: GatewayReport }>()

  /** @param now milliseconds since the epoch */
  take(report: GatewayReport, now: number): void {
    this.#forget(now)
    // A successor takes its place.
    const key = `${report.node}/${report.worker}`
    if (this.#reports.size < MOST || this.#reports.has(key)) this.#reports.set(key, { at: now, report })
  }

  /** By node and number, whoever came first. */
  all(now: number): GatewayReport[] {
    this.#forget(now)
    const reports = Array.from(this.#reports.values(), ({ report }) => report)
    return reports.sort((a, b) => compare(a.node, b.node) || a.worker - b.worker)
  }

  /** Each breaker once: open where any process has opened it. Those that are open come first. */
  circuits(now: number): CircuitFigures[] {
    const found = new Map<string, CircuitFigures>()
    for (const { figures } of this.all(now))
      for (const { pluginId, apiId, isOpen } of figures.circuits) {
        const key = `${pluginId}/${apiId}`
        found.set(key, { pluginId, apiId, isOpen: isOpen || found.get(key)?.isOpen === true })
      }
    return [...found.values()].sort((a, b) => Number(b.isOpen) - Number(a.isOpen))
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#reports) if (now - at > HOLDS) this.#reports.delete(key)
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
