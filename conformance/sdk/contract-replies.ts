/**
 * What the contract lets the server say, whole: replies with every member that it describes, with every value of its
 * enumerations, and numbers at the ends of their ranges. A server that knows nothing else sends them. That the real one
 * says nothing else is shown by its own tests, which check every reply against the contract.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { operations as facts } from '../../src/contract/generated/operations.js'
import { casesOf } from '../boundary/cases.js'
import { operations, resolved, type Operation, type Schema } from '../boundary/contract.js'
import { rehearsal } from '../boundary/rehearsal.js'
import { aText } from '../boundary/texts.js'
import type { Client, Command } from './clients.js'
import { answers, type Outcome } from './operations.js'
import { misreadings, type Result } from './result.js'

interface Reply {
  readonly operation: Operation
  readonly what: string
  readonly body: unknown
}

export async function readContract(command: Command, client: Client): Promise<Outcome> {
  const replies = operations()
    .filter(({ id }) => !client.absent.includes(id))
    .flatMap((operation) => [...repliesOf(operation, client)])
  await using server = await sayer(replies)
  await using play = await rehearsal()
  const cases = replies.flatMap(({ operation }) => [...casesOf(operation, play.stage)].slice(0, 1))
  const { lines, ended, errors } = await answers(command, play, cases, server.url)
  if (ended !== 0 || lines.length !== replies.length + 1)
    throw new Error(`the program ended with ${ended ?? 'a signal'} after ${lines.length} lines: ${errors}`)
  const results = lines.slice(1).map((line) => JSON.parse(line) as Result)
  const failures: string[] = []
  const strangers = new Set<string>()
  for (const [index, { operation, what }] of replies.entries()) {
    const result = results[index] ?? {}
    const { fault, failure, inexpressible } = result
    const wrong = failure ?? inexpressible ?? fault?.message
    // That the contract has values which are newer than an enumeration of the SDK is no news.
    const problems = wrong === undefined ? misreadings({ ...result, strangers: [] }, operation.success) : [wrong]
    failures.push(...problems.map((problem) => `${operation.id} would say ${what}\n    ${problem}`))
    for (const value of result.strangers ?? []) strangers.add(value)
  }
  const remark = `${replies.length} replies with every member that the contract describes`
  const newer = strangers.size === 0 ? [] : [`values that its enumerations do not have: ${[...strangers].join(', ')}`]
  return { failures, remarks: [...newer, remark] }
}

function* repliesOf(operation: Operation, client: Client): Generator<Reply> {
  const { reply } = operation
  if (reply === undefined) return
  const most = choices(reply)
  for (let turn = 0; turn < most; turn++)
    yield { operation, what: `everything (${turn + 1} of ${most})`, body: readable(filled(reply, turn), client) }
}

/** Without what the version has a wrong type for. */
function readable(body: unknown, { unreadable }: Client): unknown {
  if (unreadable === undefined) return body
  return JSON.parse(JSON.stringify(body, (name, value: unknown) => (name === unreadable.list ? [] : value)))
}

/** How many values the longest enumeration in it has; two at least, for the least and the most of a number. */
function choices(declared: Schema, depth = 0): number {
  const { schema } = resolved(declared)
  const parts = [
    ...Object.values(schema.properties ?? {}),
    schema.items,
    schema.additionalProperties,
    ...(schema.allOf ?? []),
  ]
  const inside = depth > DEEPEST ? [] : parts.flatMap((part) => (part === undefined ? [] : [choices(part, depth + 1)]))
  return Math.max(2, schema.enum?.length ?? 0, ...inside)
}

/** Schemas that contain themselves end somewhere. */
const DEEPEST = 8

/** A value with every member; of each enumeration the value whose turn it is. */
function filled(declared: Schema, turn: number, depth = 0): unknown {
  const { schema } = resolved(declared)
  if (schema.enum !== undefined) return schema.enum[turn % schema.enum.length]
  if (schema.const !== undefined) return schema.const
  const type = [schema.type].flat().find((each) => each !== 'null')
  switch (type) {
    case 'string':
      return text(schema, turn)
    case 'boolean':
      return turn % 2 === 0
    case 'integer':
      return turn % 2 === 0 ? (schema.maximum ?? largest(schema)) : (schema.minimum ?? 0)
    case 'number':
      return turn % 2 === 0 ? 0.5 : 7
    case 'array':
      return depth > DEEPEST ? [] : [filled(schema.items ?? {}, turn, depth + 1)]
    case undefined:
    default:
      return object(schema, turn, depth)
  }
}

/** A time, where the contract has a form for it. */
function text(schema: Schema, turn: number): string {
  if (schema.format === 'date-time') return turn % 2 === 0 ? '2026-11-24T20:47:35Z' : '2026-11-24T20:47:35.024Z'
  const pattern = new RegExp(schema.pattern ?? '', 'u')
  return ['text', '2026-11-24 20:47:35', '2026-11-24T20:47:35Z'].find((each) => pattern.test(each)) ?? aText(schema)
}

const largest = ({ format }: Schema): number => (format === 'int64' ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1)

function object(schema: Schema, turn: number, depth: number): unknown {
  const { properties = {}, additionalProperties, allOf = [] } = schema
  const members = depth > DEEPEST ? [] : Object.entries(properties)
  return {
    ...Object.assign({}, ...allOf.map((part) => filled(part, turn, depth))),
    ...Object.fromEntries(members.map(([name, member]) => [name, filled(member, turn, depth + 1)])),
    ...(additionalProperties !== undefined && { some: filled(additionalProperties, turn, depth + 1) }),
  } as unknown
}

/** Answers the requests for an operation with its replies in their order. */
async function sayer(replies: readonly Reply[]): Promise<AsyncDisposable & { readonly url: string }> {
  const left = [...replies]
  const routes = Object.entries(facts).map(([id, { method, path }]) => ({
    id,
    method,
    path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }))
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1')
    const route = routes.find(({ method, path }) => method === request.method && path.test(pathname))
    const index = left.findIndex(({ operation }) => operation.id === route?.id)
    const [reply] = index < 0 ? [] : left.splice(index, 1)
    request.resume()
    response.writeHead(reply?.operation.success ?? 500, {
      'Content-Type': 'application/json',
      'X-Request-Id': '0123456789abcdef0123456789abcdef',
    })
    response.end(JSON.stringify(reply?.body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
