import { fault } from '../../contract/faults.js'
import { findDomain, type UrlDomain } from '../../store/domains.js'
import { isOpenPort } from '../../store/ingress-ports.js'
import type { UrlDomainRow } from '../../store/schema.js'
import type { OperationContext } from '../operation.js'
import { theGroup } from '../references.js'

/** Ports that every gateway has; what they are on its machine is a setting. */
export const standardPorts = { HTTP: 80, HTTPS: 443 } as const

const NO_PORT = -1

export interface Ports {
  readonly ingress_http_port: number
  readonly ingress_https_port: number
}

/**
 * A domain of a group, as the path names both: parents first.
 *
 * @throws {Fault} 404 3001, 404 3020; 3474 when it is a domain of another group, whose status depends on the operation
 */
export async function theDomain(
  context: OperationContext,
  path: { readonly group_id: string; readonly domain_id: string },
  elsewhere: 'default' | 'elsewhere' = 'elsewhere',
): Promise<UrlDomain> {
  await theGroup(context, path.group_id)
  const domain = await findDomain(context.db, context.instanceId, path.domain_id)
  if (domain === undefined) throw fault('APIG.3020')
  if (domain.group_id !== path.group_id) throw fault('APIG.3474', {}, elsewhere)
  return domain
}

/** Sub-domains of groups are made by the system: a domain among them would take the calls of another group. */
export function isNotOurs(host: string, suffix: string): void {
  if (host === suffix || host.endsWith(`.${suffix}`)) throw fault('APIG.2024')
}

/** A domain is reached by one protocol at least, on ports on which the gateway listens. */
export async function portsAreOpen({ db, instanceId }: OperationContext, ports: Ports): Promise<void> {
  const { ingress_http_port: http, ingress_https_port: https } = ports
  if (http === NO_PORT && https === NO_PORT) throw fault('APIG.2011', { name: 'ingress_http_port' })
  for (const [protocol, port] of [['HTTP', http] as const, ['HTTPS', https] as const]) {
    if (port === NO_PORT || port === standardPorts[protocol]) continue
    if (!(await isOpenPort(db, instanceId, protocol, port))) throw fault('APIG.2049')
  }
}

/** Bindings of one name differ in every port that they have. Throws 400 3305 for equal ports, 2050 when some clash. */
export function portsAreFree(bindings: readonly UrlDomainRow[], ports: Ports, exceptId = ''): void {
  for (const other of bindings) {
    if (other.id === exceptId) continue
    const sameHttp = other.ingress_http_port === ports.ingress_http_port
    const sameHttps = other.ingress_https_port === ports.ingress_https_port
    if (sameHttp && sameHttps) throw fault('APIG.3305')
    if ((sameHttp && ports.ingress_http_port !== NO_PORT) || (sameHttps && ports.ingress_https_port !== NO_PORT))
      throw fault('APIG.2050')
  }
}
