import { fault } from '../../contract/faults.js'

export interface MaintenanceWindow {
  readonly maintain_begin: string
  readonly maintain_end: string
}

const WINDOW_HOURS = 4
const WINDOW_START = /^(02|06|10|14|18|22):00:00$/

/**
 * The maintenance window that a request asks for, `undefined` when it asks for none. It starts at 02, 06, 10, 14, 18
 * or 22 o'clock (APIC.7235) and lasts four hours (APIC.7230); an end that is left out follows from the beginning, a
 * beginning that is left out does not follow from the end (APIC.7211).
 */
export function maintenanceWindow({
  maintain_begin: begin,
  maintain_end: end,
}: {
  readonly maintain_begin?: string | undefined
  readonly maintain_end?: string | undefined
}): MaintenanceWindow | undefined {
  if (!begin) {
    if (end) throw fault('APIC.7211', { name: 'maintainBegin' })
    return undefined
  }
  if (!WINDOW_START.test(begin)) throw fault('APIC.7235')
  const hour = (Number(begin.slice(0, 2)) + WINDOW_HOURS) % 24
  const due = `${String(hour).padStart(2, '0')}:00:00`
  if (end && end !== due) throw fault('APIC.7230')
  return { maintain_begin: begin, maintain_end: due }
}

/** Public bandwidth in Mbit/s: none, or between these bounds. Throws APIC.7211 with the field's name. */
export function bandwidthInRange(size: number, name: string): void {
  if (size !== 0 && (size < 5 || size > 2_000)) throw fault('APIC.7211', { name })
}

export function zonesAreGiven(zones: readonly string[]): void {
  if (zones.length === 0) throw fault('APIC.7238')
}
