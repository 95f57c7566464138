/**
 * A JSON object as the provider reads it: every attribute with a type that it asserts without a check, so that another
 * type ends the plug-in (clients.md §3). What is not there is the empty value of its type.
 */
export class Document {
  constructor(readonly value: Readonly<Record<string, unknown>>) {}

  text(name: string): string {
    return this.#as(name, 'string', (value): value is string => typeof value === 'string') ?? ''
  }

  number(name: string): number {
    return this.#as(name, 'number', (value): value is number => typeof value === 'number') ?? 0
  }

  flag(name: string): boolean {
    return this.#as(name, 'boolean', (value): value is boolean => typeof value === 'boolean') ?? false
  }

  /** RFC 3339 and a moment of our days: anything else is shown as 1970 and breaks the pattern that tests have. */
  time(name: string): string {
    const text = this.text(name)
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(text)) throw new Error(`${name} is no time: ${text}`)
    return text
  }

  object(name: string): Document {
    const value = this.#as(name, 'object', isObject)
    return new Document(value ?? {})
  }

  has(name: string): boolean {
    return this.value[name] !== undefined && this.value[name] !== null
  }

  /** Never null, never missing: the provider ranges over it. */
  list(name: string): Document[] {
    return this.#array(name).map((element) => {
      if (!isObject(element)) throw new TypeError(`${name} holds ${JSON.stringify(element)}`)
      return new Document(element)
    })
  }

  texts(name: string): string[] {
    return this.#array(name).map((element) => {
      if (typeof element !== 'string') throw new TypeError(`${name} holds ${JSON.stringify(element)}`)
      return element
    })
  }

  #array(name: string): readonly unknown[] {
    const value = this.value[name]
    if (!Array.isArray(value)) throw new TypeError(`${name} is ${JSON.stringify(value)}, not an array`)
    return value
  }

  #as<T>(name: string, type: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.value[name]
    if (value === undefined || value === null) return undefined
    if (!is(value)) throw new TypeError(`${name} is ${JSON.stringify(value)}, not ${type}`)
    return value
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON as Go writes a map: keys sorted, at every depth. */
export const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
