import { randomInt } from 'node:crypto'
import { fault } from '../../contract/faults.js'
import { apiLimit, isEdition, type Edition } from '../instances/editions.js'

/**
 * The edition to which an instance is to grow. Throws 400 APIC.7211 when none is named, 404 APIC.7301 when there is none
 * of this name, 409 APIC.7707 when the instance has it already and 400 APIC.7243 when it is no larger than what it has.
 */
export function largerEdition(current: string, wanted: string | undefined): Edition {
  if (!wanted) throw fault('APIC.7211', { name: 'specId' })
  if (!isEdition(wanted)) throw fault('APIC.7301')
  if (wanted === current) throw fault('APIC.7707')
  if (sizeOf(wanted) <= sizeOf(current)) throw fault('APIC.7243')
  return wanted
}

/** An edition is as large as the number of APIs that it admits: with IPv6 it is no larger than without. */
const sizeOf = (edition: string): number => (isEdition(edition) ? (apiLimit.get(edition) ?? 0) : 0)

/** `CS`, the moment to the minute, and five characters: `CS2306142249SHP53`. `now` in milliseconds. */
export function newOrderId(now: number): string {
  const moment = new Date(now).toISOString().replaceAll(/\D/g, '').slice(2, 12)
  const end = Array.from({ length: 5 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('')
  return `CS${moment}${end}`
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
