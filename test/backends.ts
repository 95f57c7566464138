/** What a configuration needs to know of backends, where none is called. */
import { PluginServices } from '../src/gateway/auth/plugin-services.js'
import { Channels } from '../src/gateway/backends/channels.js'
import { forbiddenAddresses } from '../src/gateway/backends/forbidden-addresses.js'
import { HealthChecks } from '../src/gateway/backends/health.js'
import { Origins } from '../src/gateway/backends/origins.js'
import { LocalLimiter } from '../src/limits/local.js'

export function backends() {
  const origins = new Origins()
  const forbidden = forbiddenAddresses()
  const channels = new Channels(origins, new HealthChecks(forbidden))
  return { origins, forbidden, channels, services: new PluginServices(forbidden, new LocalLimiter()) }
}
