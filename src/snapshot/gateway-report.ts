/** What gateway processes tell of themselves, on its way to control. */
import { z } from 'zod'
import type { GatewayFigures } from '../telemetry/gateway-figures.js'
import { readReport } from './read-report.js'

/** The whole of it each time; what was told before is forgotten. */
export interface GatewayReport {
  /** Name of the machine. */
  readonly node: string
  /** Of the process among those of its node, from 1; its successor has the same. */
  readonly worker: number
  readonly figures: GatewayFigures
}

const id = z.string().max(64)
const count = z.int().min(0)
const seconds = z.number().min(0)
const reportSchema = z.strictObject({
  node: z.string().min(1).max(255),
  worker: z.int().min(1).max(256),
  figures: z.strictObject({
    process: z.strictObject({ startedAt: seconds, cpu: seconds, busy: seconds, resident: count, heap: count }),
    revision: z.int().min(-1),
    connections: count,
    inFlight: count,
    losses: z.array(z.strictObject({ what: z.enum(['kafka_log', 'proxy_mirror', 'access_log']), pluginId: id, count })),
    kafka: z.array(z.strictObject({ pluginId: id, bytes: count })),
    circuits: z.array(z.strictObject({ pluginId: id, apiId: id, isOpen: z.boolean() })),
  }),
})

export function parseGatewayReport(body: unknown): GatewayReport | undefined {
  return readReport(reportSchema, body)
}
