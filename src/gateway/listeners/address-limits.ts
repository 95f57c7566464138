/** Connections by address of the client, so that one of them cannot take the places of all others. */

export class AddressLimits {
  readonly #open = new Map<string, number>()

  constructor(private readonly limit: number) {}

  /** Counts a connection. False: the address has as many as it may have, and this one was not counted. */
  enter(address: string): boolean {
    const key = keyOf(address)
    const open = this.#open.get(key) ?? 0
    if (open >= this.limit) return false
    this.#open.set(key, open + 1)
    return true
  }

  leave(address: string): void {
    const key = keyOf(address)
    const open = this.#open.get(key) ?? 0
    if (open > 1) this.#open.set(key, open - 1)
    else this.#open.delete(key)
  }

  /** Addresses that have a connection. */
  get size(): number {
    return this.#open.size
  }
}

/** Who has one IPv6 address has the 2^64 of its network too (RFC 6177). */
function keyOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return groups.slice(0, 4).join(':')
}
