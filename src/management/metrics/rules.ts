import { fault } from '../../contract/faults.js'

/** Milliseconds since the epoch, up to the end of what a date can say. */
const MOMENT = /^\d{1,15}$/

/** From one moment, included, to a later one, not included. Throws 400 APIG.2012 for what is no span of time. */
export function spanOf({ from, to }: { readonly from: string; readonly to: string }): {
  readonly from: number
  readonly to: number
} {
  if (!MOMENT.test(from)) throw fault('APIG.2012', { name: 'from' })
  if (!MOMENT.test(to) || Number(to) <= Number(from)) throw fault('APIG.2012', { name: 'to' })
  return { from: Number(from), to: Number(to) }
}
