import { isIPv6 } from 'node:net'
import type { ReplyBody } from '../../contract/operation.js'

/**
 * Networks that a route of the instance may not lead to: those that never leave a machine, and the address at which
 * the gateway itself listens. `resource_subnet_cidr` is the network of the gateway's own nodes, here that one address.
 */
export function restriction(ingressAddress: string): ReplyBody<'showRestrictionOfInstanceV2'> {
  const own = `${ingressAddress}/${isIPv6(ingressAddress) ? 128 : 32}`
  return { restrict_cidrs: [...new Set([LOOPBACK, LINK_LOCAL, own])], resource_subnet_cidr: own }
}

const LOOPBACK = '127.0.0.0/8'
const LINK_LOCAL = '169.254.0.0/16'
