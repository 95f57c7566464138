/**
 * Finds the API for a path and a method among those that one group has published in one environment (routing.md §5).
 *
 * Paths without placeholders are found by one hash look-up. The others are in a tree of path segments, walked depth
 * first in the order of precedence; a node is visited at most once per look-up, so that no path can cost more than
 * the part of the tree that it matches.
 */

/** What the tree keeps: a published API, by what it matches. */
export interface Matchable {
  readonly apiId: string
  /** As defined, for instance `/users/{id}`; a byte string. */
  readonly path: string
  readonly method: string
  readonly prefix: boolean
}

/** What a look-up learned besides what it found; reused from one look-up to the next. */
export class Match {
  /** Whether a path matched at all, even if it has no API for the method. */
  pathMatched = false
  /** Values of the placeholders, in their order. */
  values: readonly string[] = NO_VALUES
  /** Segments that a prefix API has matched. */
  segments = 0
}

const NO_VALUES: readonly string[] = []

/** APIs of one path by method. More than one per method only where paths differ in placeholder names alone. */
type Methods<T> = Map<string, T[]>

class Node<T> {
  literals: Map<string, Node<T>> | undefined = undefined
  /** `{x}` */
  single: Node<T> | undefined = undefined
  /** `{x+}` */
  rest: Methods<T> | undefined = undefined
  /** A whole path ends here. */
  whole: Methods<T> | undefined = undefined
  /** A prefix ends here. */
  prefix: Methods<T> | undefined = undefined
  /** A prefix with a slash at its end, which makes it the longer one. */
  prefixSlash: Methods<T> | undefined = undefined
}

type Ending = 'rest' | 'whole' | 'prefix' | 'prefixSlash'

export class RouteTree<T extends Matchable> {
  readonly #exact = new Map<string, Methods<T>>()
  readonly #root = new Node<T>()
  #size = 0
  // The look-up under way: it is synchronous, so that one set of fields serves all.
  #path = ''
  #method = ''
  #found: T | undefined
  #depth = -1
  readonly #captured: string[] = []

  get size(): number {
    return this.#size
  }

  /** @param path what the API matches, if not its path */
  insert(api: T, path = api.path): void {
    const methods = this.#methodsOf(api, path)
    const sameMethod = methods.get(api.method)
    if (sameMethod === undefined) methods.set(api.method, [api])
    else {
      // Whichever order updates came in, every process prefers the same one.
      sameMethod.push(api)
      sameMethod.sort((a, b) => (a.apiId < b.apiId ? -1 : 1))
    }
    this.#size++
  }

  /** Nodes that become empty stay: what was published once is likely to be published again. */
  remove(api: T, path = api.path): void {
    const methods = this.#methodsOf(api, path)
    const left = methods.get(api.method)?.filter((other) => other !== api)
    if (left !== undefined && left.length > 0) methods.set(api.method, left)
    else if (methods.delete(api.method) && methods.size === 0 && this.#exact.get(path) === methods) {
      this.#exact.delete(path)
    }
    this.#size--
  }

  *[Symbol.iterator](): Generator<T> {
    for (const methods of this.#exact.values()) yield* apisOf(methods)
    yield* apisBelow(this.#root)
  }

  /** @param path in the form in which those of the APIs were inserted; see matchablePath */
  find(path: string, method: string, match: Match): T | undefined {
    this.#found = undefined
    match.pathMatched = false
    match.values = NO_VALUES
    match.segments = 0
    // No path can take precedence over one that is literal in every segment.
    const exact = this.#exact.get(path)
    if (exact !== undefined && this.#accept(exact, method, match)) return this.#found
    this.#path = path
    this.#method = method
    this.#depth = -1
    this.#captured.length = 0
    this.#walk(this.#root, 1, 0, match)
    return this.#found
  }

  /** Visits `node`, reached by `depth` segments; the next one starts at `from`. True ends the walk. */
  #walk(node: Node<T>, from: number, depth: number, match: Match): boolean {
    if (node.prefixSlash !== undefined) this.#prefer(node.prefixSlash, 2 * depth + 1, depth, match)
    if (node.prefix !== undefined) this.#prefer(node.prefix, 2 * depth, depth, match)
    const path = this.#path
    if (from > path.length) return node.whole !== undefined && this.#take(node.whole, match)
    const slash = path.indexOf('/', from)
    const end = slash === -1 ? path.length : slash
    const segment = path.slice(from, end)
    const literal = node.literals?.get(segment)
    if (literal !== undefined && this.#walk(literal, end + 1, depth + 1, match)) return true
    if (node.single !== undefined && segment !== '') {
      this.#captured.push(segment)
      if (this.#walk(node.single, end + 1, depth + 1, match)) return true
      this.#captured.pop()
    }
    if (node.rest !== undefined && from < path.length) {
      this.#captured.push(path.slice(from))
      if (this.#take(node.rest, match)) return true
      this.#captured.pop()
    }
    return false
  }

  /** A whole path: the first one that has the method wins, over any prefix. */
  #take(methods: Methods<T>, match: Match): boolean {
    if (!this.#accept(methods, this.#method, match)) return false
    match.values = this.#captured.slice()
    match.segments = 0
    return true
  }

  /** A prefix: the longest one that has the method wins; of equally long ones the first that is visited. */
  #prefer(methods: Methods<T>, length: number, depth: number, match: Match): void {
    if (length <= this.#depth || !this.#accept(methods, this.#method, match)) return
    this.#depth = length
    match.values = this.#captured.length === 0 ? NO_VALUES : this.#captured.slice()
    match.segments = depth
  }

  #accept(methods: Methods<T>, method: string, match: Match): boolean {
    if (methods.size === 0) return false
    match.pathMatched = true
    const found = methods.get(method) ?? methods.get('ANY')
    if (found === undefined) return false
    this.#found = found[0]
    return true
  }

  #methodsOf(api: T, path: string): Methods<T> {
    if (!api.prefix && !hasPlaceholder(path)) {
      const known = this.#exact.get(path)
      if (known !== undefined) return known
      const methods: Methods<T> = new Map()
      this.#exact.set(path, methods)
      return methods
    }
    const segments = path.split('/').slice(1)
    let ending: Ending = api.prefix ? 'prefix' : 'whole'
    if (api.prefix && segments.at(-1) === '') {
      segments.pop()
      ending = 'prefixSlash'
    } else if (!api.prefix && isRest(segments.at(-1) ?? '')) {
      segments.pop()
      ending = 'rest'
    }
    let node = this.#root
    for (const segment of segments) node = childOf(node, segment)
    return (node[ending] ??= new Map<string, T[]>())
  }
}

function* apisBelow<T>(node: Node<T>): Generator<T> {
  for (const methods of [node.rest, node.whole, node.prefix, node.prefixSlash]) if (methods) yield* apisOf(methods)
  for (const child of node.literals?.values() ?? []) yield* apisBelow(child)
  if (node.single !== undefined) yield* apisBelow(node.single)
}

function* apisOf<T>(methods: Methods<T>): Generator<T> {
  for (const apis of methods.values()) yield* apis
}

function childOf<T>(node: Node<T>, segment: string): Node<T> {
  if (isPlaceholder(segment)) return (node.single ??= new Node())
  node.literals ??= new Map()
  const known = node.literals.get(segment)
  if (known !== undefined) return known
  const child = new Node<T>()
  node.literals.set(segment, child)
  return child
}

/** Names of a path's placeholders, in order; the `+` of `{name+}` isn't part of the name. */
export function placeholdersOf(path: string): string[] {
  return path
    .split('/')
    .filter(isPlaceholder)
    .map((segment) => segment.slice(1, isRest(segment) ? -2 : -1))
}

function hasPlaceholder(path: string): boolean {
  return path.split('/').some(isPlaceholder)
}

/** Whether a segment of a path is `{name}` or `{name+}`. */
export function isPlaceholder(segment: string): boolean {
  return segment.length > 2 && segment.startsWith('{') && segment.endsWith('}')
}

function isRest(segment: string): boolean {
  return isPlaceholder(segment) && segment.endsWith('+}')
}
