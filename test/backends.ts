/** What a configuration needs to know of backends, where none is called. */
import { PluginServices } from '../src/gateway/auth/plugin-services.js'
import { Channels } from '../src/gateway/backends/channels.js'
import { forbiddenAddresses } from '../src/gateway/backends/forbidden-addresses.js'
import { HealthChecks } from '../src/gateway/backends/health.js'
import { Origins } from '../src/gateway/backends/origins.js'
import { ReplyCache } from '../src/gateway/policies/proxy-cache.js'
import { Circuits } from '../src/gateway/circuits.js'
import { Mirrors } from '../src/gateway/policies/proxy-mirror.js'
import { firstKnowing } from '../src/functions/functions.js'
import { LocalLimiter } from '../src/limits/local.js'
import { KafkaSinks } from '../src/telemetry/kafka/sinks.js'

export function backends() {
  const origins = new Origins()
  const forbidden = forbiddenAddresses()
  const channels = new Channels(origins, new HealthChecks(forbidden))
  const replies = new ReplyCache(1024 * 1024)
  const services = new PluginServices(forbidden, new LocalLimiter())
  const kafka = new KafkaSinks(() => Promise.resolve(false), noLoss)
  return {
    origins,
    forbidden,
    channels,
    replies,
    services,
    kafka,
    functions: firstKnowing([]),
    answers: new WeakMap(),
    circuits: new Circuits(),
    mirrors: new Mirrors(forbidden, noLoss),
    region: 'local-1',
  }
}

const noLoss = (): void => undefined
