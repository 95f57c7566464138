/** Runs the cases against a real server, each on the same untouched stage. */
import type { TestManagement } from '../../test/management.js'
import { casesOf, type Case } from './cases.js'
import { operations } from './contract.js'
import { expected, learnPaths, verdictOf } from './expectations.js'
import { givenCases, type GivenCase } from './given-cases.js'
import { rehearsal } from './rehearsal.js'

export interface Outcome {
  readonly total: number
  /** For people: what was sent, what came, what was wanted. */
  readonly failures: readonly string[]
}

export interface Selection {
  /** Part of an operation's name. */
  readonly only?: string
  /** Every n-th case. */
  readonly every?: number
}

export async function runCases({ only = '', every = 1 }: Selection): Promise<Outcome> {
  await using play = await rehearsal()
  const { sluice, stage } = play
  const all = operations()
  learnPaths(all)
  const cases = all
    .filter(({ id }) => id.includes(only))
    .flatMap((operation) => [...casesOf(operation, stage)])
    .filter((_, index) => index % every === 0)
  const given = only === '' ? givenCases(all, stage) : []
  const failures: string[] = []
  const note = (failure: string | undefined) => {
    if (failure !== undefined) failures.push(failure)
  }
  await inTurns(cases, async (one) => note(await judge(sluice, one)))
  await inTurns(given, async (one) => note(await judgeGiven(sluice, one)))
  return { total: cases.length + given.length, failures }
}

/** Undefined when the answer is the expected one. */
async function judge(sluice: TestManagement, one: Case): Promise<string | undefined> {
  const { operation, place, at, what, value } = one
  const said = value === undefined ? 'nothing' : JSON.stringify(value)
  const title = `${operation.id} ${place} ${at}: ${what} ${said.length > 60 ? `${said.slice(0, 60)}… (${said.length})` : said}`
  return judged(sluice, title, one, expected(one))
}

/** The file says whether a value is in order, not what is wrong with it. */
async function judgeGiven(sluice: TestManagement, one: GivenCase): Promise<string | undefined> {
  const wanted = one.valid
    ? String(one.operation.success)
    : /^4\d\d API[CG]\.2\d{3}|^4\d\d APIC\.72\d\d|^404 APIC\.7301/
  return judged(sluice, `${one.title} (${one.operation.id})`, one, wanted)
}

async function judged(
  sluice: TestManagement,
  title: string,
  { operation, request }: Pick<Case, 'operation' | 'request'>,
  wanted: string | RegExp,
): Promise<string | undefined> {
  const { instance_id: instanceId, ...path } = request.path
  try {
    const reply = await sluice.call(operation.id, {
      path,
      query: request.query,
      ...(instanceId !== undefined && { instanceId }),
      ...(operation.isForm ? { form: request.body as Record<string, string> } : { body: request.body }),
    })
    const verdict = verdictOf(reply)
    if (typeof wanted === 'string' ? verdict === wanted : wanted.test(verdict)) return undefined
    return `${title}\n    ${verdict} ${reply.body === undefined ? '' : JSON.stringify(reply.body).slice(0, 160)}\n    instead of ${String(wanted)}`
  } catch (error) {
    return `${title}\n    ${String(error)}`
  }
}

/** Some at a time: the server is in this process, and the clients are not what is measured. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}
