/**
 * IP addresses written as addresses, CIDR blocks and `a-b` ranges, for lists that every request is compared with: sorted
 * ranges that do not touch, searched by halves. A thousand blocks cost a tenth of a microsecond; net.BlockList, which
 * goes through its list for each address, costs a hundred times that.
 */
import { isIP, isIPv6 } from 'node:net'

/** A number for IPv4. For IPv6 its eight groups as characters, which compare as the address does. */
type Address = number | string

interface Ranges<A extends Address> {
  readonly starts: readonly A[]
  /** Last address of each range. */
  readonly ends: readonly A[]
}

export class AddressRanges {
  readonly #v4: Ranges<number>
  readonly #v6: Ranges<string>

  /** @throws RangeError naming the first entry that is none of the three. */
  constructor(entries: readonly string[]) {
    const v4: [number, number][] = []
    const v6: [string, string][] = []
    for (const entry of entries) {
      const [first, last] = parseEntry(entry.trim())
      if (typeof first === 'number' && typeof last === 'number') v4.push([first, last])
      else if (typeof first === 'string' && typeof last === 'string') v6.push([first, last])
      else throw new RangeError(`${entry} is not an address, a CIDR block or a range.`)
    }
    this.#v4 = merged(v4)
    this.#v6 = merged(v6)
  }

  /** An IPv4 address is also found in its IPv6 form, `::ffff:10.0.0.1`; what isn't an address is in no list. */
  has(address: string): boolean {
    const parsed = parseAddress(address)
    if (typeof parsed === 'number') return contains(this.#v4, parsed)
    return parsed !== undefined && contains(this.#v6, parsed)
  }
}

/** How many ranges there are whose start is not above the address tells the one that may hold it. */
function contains<A extends Address>({ starts, ends }: Ranges<A>, address: A): boolean {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = starts[middle]
    if (start !== undefined && start <= address) low = middle + 1
    else high = middle
  }
  const end = ends[low - 1]
  return end !== undefined && address <= end
}

function merged<A extends Address>(ranges: [A, A][]): Ranges<A> {
  ranges.sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  const starts: A[] = []
  const ends: A[] = []
  for (const [start, end] of ranges) {
    const before = ends.at(-1)
    if (before === undefined || start > before) {
      starts.push(start)
      ends.push(end)
    } else if (end > before) ends[ends.length - 1] = end
  }
  return { starts, ends }
}

/** First and last address; two `undefined` for what is no entry. */
function parseEntry(entry: string): readonly [Address | undefined, Address | undefined] {
  const [, address = '', , bits, last] = /^([^/-]+)(\/(\d{1,3})|-([^/-]+))?$/.exec(entry) ?? []
  const first = isIP(address) === 0 ? undefined : parseAddress(address)
  if (last !== undefined) {
    const end = parseAddress(last)
    const ascends = first !== undefined && end !== undefined && typeof end === typeof first && first <= end
    return ascends ? [first, end] : [undefined, undefined]
  }
  if (first === undefined || bits === undefined) return [first, first]
  const isMapped = address.includes(':') && typeof first === 'number'
  if (!isMapped) return network(first, Number(bits))
  // More than all of IPv4 in its other form is a network of IPv6 like any other, and holds none of IPv4.
  return Number(bits) < MAPPED_BITS
    ? network(mappedForm(first), Number(bits))
    : network(first, Number(bits) - MAPPED_BITS)
}

/** Bits of `::ffff:0:0`, behind which IPv6 has the addresses of IPv4. */
const MAPPED_BITS = 96

const mappedForm = (v4: number): string => String.fromCharCode(0, 0, 0, 0, 0, 0xffff, v4 >>> 16, v4 & 0xffff)

function network(address: Address, bits: number): readonly [Address | undefined, Address | undefined] {
  if (typeof address === 'number') {
    if (bits < 0 || bits > 32) return [undefined, undefined]
    const size = 2 ** (32 - bits)
    const first = address - (address % size)
    return [first, first + size - 1]
  }
  if (bits > 128) return [undefined, undefined]
  let first = ''
  let last = ''
  for (let i = 0; i < 8; i++) {
    const host = 0xffff >>> Math.min(16, Math.max(0, bits - 16 * i))
    const group = address.charCodeAt(i)
    first += String.fromCharCode(group & ~host)
    last += String.fromCharCode(group | host)
  }
  return [first, last]
}

function parseAddress(text: string): Address | undefined {
  const v4 = parseV4(text, 0)
  if (v4 !== undefined) return v4
  const all = groupsOfV6(text)
  if (all === undefined) return undefined
  const mapped = all[5] === 0xffff && all.slice(0, 5).every((group) => group === 0)
  if (mapped) return (all[6] ?? 0) * 0x10000 + (all[7] ?? 0)
  return String.fromCharCode(...all)
}

/** Four decimal numbers without leading zeros, from a place in a text to its end. */
function parseV4(text: string, from: number): number | undefined {
  let address = 0
  let part = 0
  let digits = 0
  let dots = 0
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return undefined
      address = address * 256 + part
      part = 0
      digits = 0
    } else {
      if (code < ZERO || code > NINE || (digits > 0 && part === 0)) return undefined
      part = part * 10 + code - ZERO
      digits++
      if (part > 255) return undefined
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + part : undefined
}

const DOT = 46
const ZERO = 48
const NINE = 57

/** The eight groups of an IPv6 address, whose zone is left out; `undefined` for what is none. */
export function groupsOfV6(text: string): number[] | undefined {
  const zone = text.indexOf('%')
  const address = zone === -1 ? text : text.slice(0, zone)
  if (!isIPv6(address)) return undefined
  const [left = '', right] = address.split('::')
  const head = groups(left)
  const tail = right === undefined ? [] : groups(right)
  const middle = new Array<number>(8 - head.length - tail.length).fill(0)
  return [...head, ...middle, ...tail]
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    const v4 = group.includes('.') ? parseV4(group, 0) : undefined
    return v4 === undefined ? [parseInt(group, 16)] : [v4 >>> 16, v4 & 0xffff]
  })
}
