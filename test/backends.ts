/** What a configuration needs to know of backends, where none is called. */
import { Channels } from '../src/gateway/backends/channels.js'
import { forbiddenAddresses } from '../src/gateway/backends/forbidden-addresses.js'
import { HealthChecks } from '../src/gateway/backends/health.js'
import { Origins } from '../src/gateway/backends/origins.js'

export function backends() {
  const origins = new Origins()
  const forbidden = forbiddenAddresses()
  return { origins, forbidden, channels: new Channels(origins, new HealthChecks(forbidden)) }
}
