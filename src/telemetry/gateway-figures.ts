/** What a gateway process tells of itself, for metrics: plain JSON, all of it of this moment. */
import type { ProcessFigures } from './process-figures.js'

export interface GatewayFigures {
  readonly process: ProcessFigures
  /** Of the configuration that it serves; −1 before the first. */
  readonly revision: number
  /** Client connections that are open, and exchanges under way. */
  readonly connections: number
  readonly inFlight: number
  readonly losses: readonly LossFigures[]
  readonly kafka: readonly KafkaFigures[]
  readonly circuits: readonly CircuitFigures[]
}

/** What was dropped since the process began. */
export interface LossFigures {
  readonly what: 'kafka_log' | 'proxy_mirror' | 'access_log'
  /** Empty where all plug-ins share what they have. */
  readonly pluginId: string
  readonly count: number
}

/** What one plug-in `kafka_log` keeps until brokers have it. */
export interface KafkaFigures {
  readonly pluginId: string
  readonly bytes: number
}

/** A circuit breaker, of all its conditions. */
export interface CircuitFigures {
  readonly pluginId: string
  /** Empty where the APIs of the plug-in share it. */
  readonly apiId: string
  readonly isOpen: boolean
}
