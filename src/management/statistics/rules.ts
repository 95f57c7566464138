import { fault } from '../../contract/faults.js'

/** Seconds since the epoch: the first and the last minute of a window, both included. */
export interface Window {
  readonly from: number
  readonly to: number
}

const MOST_MINUTES = 60

/** `30m`, `1h`: minutes, at most an hour of them. */
export function minutesOf(duration: string): number {
  const [, count, unit] = /^([1-9]\d*)([hm])$/.exec(duration) ?? []
  const minutes = Number(count) * (unit === 'h' ? 60 : 1)
  if (minutes > 0 && minutes <= MOST_MINUTES) return minutes
  throw fault('APIG.2012', { name: 'duration' })
}

/** The running minute and those before it, `minutes` in all. */
export function windowOf(now: number, minutes: number): Window {
  const to = Math.floor(now / 60_000) * 60
  return { from: to - (minutes - 1) * 60, to }
}
