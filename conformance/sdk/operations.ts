/** Every operation, by an SDK that is given each request as its own type, and says what it made of the reply. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestManagement } from '../../test/management.js'
import { casesOf, type Case } from '../boundary/cases.js'
import { operations, type Operation } from '../boundary/contract.js'
import { expected, learnPaths } from '../boundary/expectations.js'
import { rehearsal, type Rehearsal } from '../boundary/rehearsal.js'
import type { Client, Command } from './clients.js'
import { runJob } from './job.js'
import { asTyped } from './requests.js'
import { jsonOf, misreadings, unknownTo, type Result } from './result.js'

export interface Outcome {
  readonly failures: readonly string[]
  readonly remarks: readonly string[]
}

interface Selection {
  /** Part of an operation's name. */
  readonly only: string
  /** Every n-th of the requests that the contract does not allow. */
  readonly every: number
}

export async function callEverything(command: Command, client: Client, selection: Selection): Promise<Outcome> {
  const contract = operations()
  learnPaths(contract)
  const all = contract.filter(({ id }) => id.includes(selection.only))
  const run = { command, operations: all.filter(({ id }) => !client.absent.includes(id)), every: selection.every }
  const { methods, tried } = await perform(run)
  const { unreadable } = client
  const isUnreadable = ({ result }: Tried) => unreadable?.message.test(result.fault?.message ?? '') === true
  const again = new Set(tried.flatMap((one, index) => (isUnreadable(one) ? [index] : [])))
  if (unreadable !== undefined && again.size > 0) {
    const second = await perform({ ...run, only: again, before: unreadable.without })
    for (const [position, index] of [...again].entries()) {
      const one = second.tried[position]
      if (one !== undefined) tried[index] = one
    }
  }
  const { failures, remarks } = judged(all, tried, client)
  return {
    failures: [...(selection.only === '' ? wrongMethods(methods, all, client) : []), ...failures],
    remarks: [
      ...(unreadable === undefined || again.size === 0
        ? []
        : [`${again.size} replies were asked for again ${unreadable.why}`]),
      ...remarks,
    ],
  }
}

/** A request, and what the SDK made of it. */
interface Tried {
  readonly one: Case
  readonly result: Result
}

function judged(all: readonly Operation[], tried: readonly Tried[], { absent }: Client): Outcome {
  const failures: string[] = []
  const counted = { succeeded: 0, refused: 0, inexpressible: 0 }
  const [called, unknown, unsayable] = [new Set<string>(), new Set<string>(), new Set<string>()]
  for (const { one, result } of tried) {
    const { id, success } = one.operation
    if (result.inexpressible !== undefined) counted.inexpressible++
    else if (result.fault === undefined) counted.succeeded++
    else counted.refused++
    if (result.status === success && result.fault === undefined) called.add(id)
    for (const name of unknownTo(result)) unknown.add(name)
    if (result.inexpressible !== undefined && /unknown field|Unrecognized field/.test(result.inexpressible))
      unsayable.add(one.at.replaceAll('[]', ''))
    failures.push(...problems(one, result).map((problem) => `${titleOf(one)}\n    ${problem}`))
  }
  const uncalled = all.filter(({ id }) => !called.has(id) && !absent.includes(id))
  failures.push(...uncalled.map(({ id }) => `${id} was never called with success`))
  const list = (what: string, names: ReadonlySet<string>) =>
    names.size === 0 ? [] : [`${what}: ${[...names].join(', ')}`]
  return {
    failures,
    remarks: [
      ...list('members of requests that this version of the SDK does not have', unsayable),
      ...list('members of replies that it does not have', unknown),
      ...list('operations that it does not have', new Set(absent)),
      `${called.size} of ${all.length} operations were called with success`,
      `${tried.length} requests: ${counted.succeeded} succeeded, ${counted.refused} were refused, and the SDK reads all of it; ${counted.inexpressible} cannot be said in its types`,
    ],
  }
}

interface Run {
  readonly command: Command
  readonly operations: readonly Operation[]
  readonly every: number
  /** Positions of the only cases that are tried. */
  readonly only?: ReadonlySet<number>
  /** What is done to the stage once it is set. */
  readonly before?: (sluice: TestManagement) => Promise<unknown>
}

async function perform(run: Run): Promise<{ readonly methods: readonly string[]; readonly tried: Tried[] }> {
  await using play = await rehearsal(run.before)
  const cases = run.operations
    .flatMap((operation) => [...casesOf(operation, play.stage)])
    .filter(({ violation }, index) => violation === 'none' || index % run.every === 0)
    .filter((_, index) => run.only?.has(index) !== false)
  const { lines, ended, errors } = await answers(run.command, play, cases)
  if (ended !== 0 || lines.length !== cases.length + 1)
    throw new Error(`the program ended with ${ended ?? 'a signal'} after ${lines.length} lines: ${errors}`)
  const [methods, ...results] = lines.map((line) => JSON.parse(line) as unknown) as [readonly string[], ...Result[]]
  return { methods, tried: cases.map((one, index) => ({ one, result: results[index] ?? {} })) }
}

/** @param endpoint of another server than that of the stage */
export async function answers(command: Command, { sluice }: Rehearsal, cases: readonly Case[], endpoint = sluice.url) {
  const files = await mkdtemp(join(tmpdir(), 'sluice-conformance-files-'))
  try {
    const requests = []
    for (const one of cases)
      requests.push({ operation: one.operation.id, request: await asTyped(one, sluice.instanceId, files) })
    const { accessKey, secretKey } = sluice.identities
    const { projectId, instanceId } = sluice
    return await runJob(command, 'operations', { endpoint, accessKey, secretKey, projectId, instanceId, requests })
  } finally {
    await rm(files, { recursive: true })
  }
}

function wrongMethods(methods: readonly string[], all: readonly Operation[], { absent }: Client): string[] {
  const wanted = all.map(({ id }) => id as string).filter((id) => !(absent as readonly string[]).includes(id))
  return [
    ...wanted.filter((id) => !methods.includes(id)).map((id) => `the SDK has no method for ${id}`),
    ...methods.filter((name) => !wanted.includes(name)).map((name) => `the contract has no ${name}`),
  ]
}

function problems(one: Case, result: Result): string[] {
  const { operation } = one
  const { inexpressible, fault, failure, status, raw = '', requestId } = result
  // Of members that a version does not have, or has in another type, there is at least a request without.
  if (inexpressible !== undefined) return one.what === 'as it is' ? [`cannot be said: ${inexpressible}`] : []
  if (failure !== undefined) return [`${status ?? ''} ${failure}: ${raw.slice(0, 300)}`]
  if (fault !== undefined) {
    const { error_code: code, error_msg: message } = jsonOf(raw) as Readonly<Record<string, unknown>>
    const same = fault.status === status && fault.code === code && fault.message === message
    return [
      ...(same && fault.requestId === requestId ? [] : [`the SDK reads ${JSON.stringify(fault)} from ${raw}`]),
      ...(isAllowed(one) ? [`refused: ${status ?? ''} ${raw}`] : []),
    ]
  }
  return misreadings(result, operation.success)
}

/** Whether success is what the contract demands, with all the rules that are said elsewhere. */
const isAllowed = (one: Case): boolean => expected(one) === String(one.operation.success)

function titleOf({ operation, place, at, what, value }: Case): string {
  const said = value === undefined ? 'nothing' : JSON.stringify(value)
  return `${operation.id} ${place} ${at}: ${what} ${said.length > 60 ? `${said.slice(0, 60)}… (${said.length})` : said}`
}
