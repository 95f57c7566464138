import { fault } from '../../contract/faults.js'

/** What a request says of a public bandwidth. */
export interface Bandwidth {
  readonly bandwidth_size?: string | number | undefined
  readonly bandwidth_charging_mode?: 'bandwidth' | 'traffic' | undefined
}

const SMALLEST = 5
const LARGEST = 2_000

/**
 * The size in Mbit/s, from 5 to 2,000; digits in a text count as a number. Throws 400 APIC.7211, also when none is
 * given.
 */
export function bandwidthOf({ bandwidth_size: given }: Bandwidth): number {
  const size = Number(given ?? Number.NaN)
  if (!(size >= SMALLEST && size <= LARGEST)) throw fault('APIC.7211', { name: 'bandwidthSize' })
  return size
}
