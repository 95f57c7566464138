/**
 * The configuration stream on the wire: one JSON object a line. An update is a `begin`, any number of `put` and `remove`,
 * and a `commit`; what isn't committed never happened. A `heartbeat` says that there is nothing to say.
 */
import type { Part, PartKey, Update } from './parts.js'

export type Frame =
  | { readonly type: 'begin'; readonly epoch: string; readonly revision: number; readonly reset: boolean }
  | { readonly type: 'put'; readonly part: Part }
  | { readonly type: 'remove'; readonly key: PartKey }
  | { readonly type: 'commit'; readonly revision: number }
  | { readonly type: 'heartbeat' }

/** An update, and the history of revisions that it belongs to. */
export interface StreamedUpdate {
  readonly epoch: string
  readonly update: Update
}

/** What came isn't a configuration stream that this version understands. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Bytes of one line: a part can be as large as an API with its longest texts, not larger. */
const LONGEST_LINE = 16 * 1024 * 1024
const LINE_FEED = 10

export function encodeFrame(frame: Frame): string {
  return `${JSON.stringify(frame)}\n`
}

/** The frames of one update, in order. */
export function* framesOf(epoch: string, { revision, reset, put, remove }: Update): Generator<Frame> {
  yield { type: 'begin', epoch, revision, reset }
  for (const key of remove) yield { type: 'remove', key }
  for (const part of put) yield { type: 'put', part }
  yield { type: 'commit', revision }
}

/** Puts updates together again from however the bytes are cut. */
export class FrameReader {
  #rest: Buffer[] = []
  #restLength = 0
  #begun: { readonly epoch: string; readonly revision: number; readonly reset: boolean } | undefined
  #put: Part[] = []
  #remove: PartKey[] = []

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes)
    this.#restLength += bytes.length
    if (this.#restLength > LONGEST_LINE) throw new FrameError(`a line is longer than ${LONGEST_LINE} bytes`)
  }

  /** Yields each update that is complete. Throws `FrameError`; the stream is then of no more use. */
  *read(bytes: Buffer): Generator<StreamedUpdate> {
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
      const line = this.#line(bytes.subarray(start, end))
      start = end + 1
      const update = this.#accept(parseFrame(line))
      if (update !== undefined) yield update
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start))
  }

  #line(bytes: Buffer): string {
    if (this.#restLength === 0) return bytes.toString('utf8')
    this.#keep(bytes)
    const line = Buffer.concat(this.#rest).toString('utf8')
    this.#rest = []
    this.#restLength = 0
    return line
  }

  #accept(frame: Frame): StreamedUpdate | undefined {
    if (frame.type === 'heartbeat') return undefined
    if (frame.type === 'begin') {
      if (this.#begun !== undefined) throw new FrameError('an update begins inside another one')
      this.#begun = frame
      return undefined
    }
    if (this.#begun === undefined) throw new FrameError(`a ${frame.type} outside of an update`)
    if (frame.type === 'put') this.#put.push(frame.part)
    else if (frame.type === 'remove') this.#remove.push(frame.key)
    else return this.#commit(this.#begun, frame.revision)
    return undefined
  }

  #commit(begun: { epoch: string; revision: number; reset: boolean }, revision: number): StreamedUpdate {
    if (revision !== begun.revision) throw new FrameError('an update ends with another revision than it began with')
    const { epoch, reset } = begun
    const update = { revision, reset, put: this.#put, remove: this.#remove }
    this.#begun = undefined
    this.#put = []
    this.#remove = []
    return { epoch, update }
  }
}

function parseFrame(line: string): Frame {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw new FrameError('a line is not JSON', { cause })
  }
  if (isFrame(value)) return value
  throw new FrameError('a line is not a frame that this version knows')
}

function isFrame(value: unknown): value is Frame {
  if (!isRecord(value)) return false
  switch (value['type']) {
    case 'begin':
      return typeof value['epoch'] === 'string' && isRevision(value['revision']) && typeof value['reset'] === 'boolean'
    case 'put':
      return isPart(value['part'])
    case 'remove':
      return isPartKey(value['key'])
    case 'commit':
      return isRevision(value['revision'])
    case 'heartbeat':
      return true
    default:
      return false
  }
}

/** What identifies each kind of part. */
const IDENTITY: Readonly<Record<Part['kind'], readonly string[]>> = {
  instance: ['id', 'projectId'],
  group: ['id', 'instanceId'],
  publication: ['apiId', 'environmentId', 'groupId', 'instanceId'],
  app: ['id', 'instanceId', 'key'],
  throttle: ['id', 'instanceId'],
  plugin: ['id', 'instanceId', 'type'],
  authorizer: ['id', 'instanceId', 'urn'],
  certificate: ['id', 'chain', 'privateKey'],
  channel: ['id', 'instanceId'],
}

/**
 * Whether a value is a part of a kind that this version knows. A kind that it doesn't know is refused, not skipped: it
 * may be what keeps callers out. The rest is taken as it is, for control made it, and nobody else has the token.
 */
export function isPart(value: unknown): value is Part {
  if (!isRecord(value) || !isKind(value['kind'])) return false
  return IDENTITY[value['kind']].every((field) => typeof value[field] === 'string')
}

export function isPartKey(value: unknown): value is PartKey {
  return typeof value === 'string' && isKind(value.slice(0, value.indexOf(':')))
}

function isKind(value: unknown): value is Part['kind'] {
  return typeof value === 'string' && Object.hasOwn(IDENTITY, value)
}

function isRevision(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
