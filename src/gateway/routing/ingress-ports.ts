/** Ports that instances have beside the gateway's own (routing.md §1). Those of all instances are open at once. */
import type { InstancePart } from '../../snapshot/parts.js'

export interface CustomPorts {
  readonly open: ReadonlyMap<number, 'HTTP' | 'HTTPS'>
  /** What could not be had, in words for an operator. */
  readonly conflicts: readonly string[]
}

/**
 * @param instances in the order of their age: the oldest has a port as it wants it
 * @param own ports that the gateway listens on in any case
 */
export function customPorts(instances: readonly InstancePart[], own: ReadonlySet<number>): CustomPorts {
  const open = new Map<number, 'HTTP' | 'HTTPS'>()
  const conflicts: string[] = []
  for (const { id, ingressPorts } of instances) {
    for (const { port, protocol } of ingressPorts) {
      const taken = open.get(port)
      if (own.has(port)) conflicts.push(`${protocol} port ${port} of instance ${id} is one of the gateway's own`)
      else if (taken === undefined) open.set(port, protocol)
      else if (taken !== protocol) {
        conflicts.push(`${protocol} port ${port} of instance ${id} is open for ${taken} on behalf of another instance`)
      }
    }
  }
  return { open, conflicts }
}
