/** What a function's process and the runtime that started it say to each other, as heads of frames. */

/** The first frame; its text is the code. */
export interface Setup {
  readonly file: string
  readonly handler: string
  readonly function: FunctionFacts
}

/** What a function can ask of itself. */
export interface FunctionFacts {
  readonly project: string
  readonly package: string
  readonly name: string
  readonly version: string
  /** MiB */
  readonly memory: number
  readonly userData: Readonly<Record<string, string>>
}

/** Its text is the event. */
export interface Call {
  readonly id: number
  readonly requestId: string
  /** By which the function was called; empty: by its version. */
  readonly alias: string
  /** Milliseconds that are left. */
  readonly timeout: number
  readonly mostBytes: number
}

/** Its text is the answer, or why there is none. */
export interface Answer {
  readonly id: number
  readonly outcome: Outcome
}

export type Outcome = 'answered' | 'failed' | 'too-large'

const OUTCOMES: ReadonlySet<unknown> = new Set<Outcome>(['answered', 'failed', 'too-large'])

export function isAnswer(value: unknown): value is Answer {
  return (
    typeof value === 'object' && value !== null && 'id' in value && 'outcome' in value && OUTCOMES.has(value.outcome)
  )
}
