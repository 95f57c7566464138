/**
 * Every list of the contract, with every filter, as both engines run it: none reads a whole table, and none that is not
 * filtered sorts. The queries are those that the server sends, not copies of them.
 */
import type { CompiledQuery, KyselyPlugin, RootOperationNode } from 'kysely'
import { describe, expect, test } from 'vitest'
import { operations, type Operation } from '../../conformance/boundary/contract.js'
import { setStage, type Stage } from '../../conformance/boundary/stage.js'
import { engines } from '../../test/engines.js'
import { management, type TestManagement } from '../../test/management.js'
import { explained } from '../../test/query-plan.js'
import type { Database, Store } from '../store/store.js'

/** Sees the queries of the server while it is asked to. */
class Watch {
  #seen: Map<string, RootOperationNode> | undefined

  of(store: Store): Store {
    return { ...store, read: (work) => store.read((db) => work(this.#watched(db))) }
  }

  /** Distinct queries of a call, compiled. */
  async during(store: Store, call: () => Promise<unknown>): Promise<CompiledQuery[]> {
    this.#seen = new Map()
    await call()
    const nodes = [...this.#seen.values()]
    this.#seen = undefined
    return store.read(async (db) => {
      const executor = db.getExecutor()
      return nodes.map((node) => executor.compileQuery(node, { queryId: 'plan' }))
    })
  }

  #watched(db: Database): Database {
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => {
        this.#seen?.set(JSON.stringify(node), node)
        return node
      },
      transformResult: async ({ result }) => result,
    }
    return db.withPlugin(plugin)
  }
}

/** Lines that read all rows of a table: SQLite's SCAN without an index, PostgreSQL's Seq Scan. */
function readsAll(line: string, plan: readonly string[]): boolean {
  const scanned = /^SCAN (\S+)$/.exec(line)?.[1]
  const isTable =
    scanned !== undefined && !plan.some((other) => /^(CO-ROUTINE|MATERIALIZE) /.test(other) && other.endsWith(scanned))
  return isTable || line.includes('Seq Scan on')
}

const sorts = (line: string): boolean => line.includes('TEMP B-TREE FOR ORDER BY') || /^(->\s+)?Sort\b/.test(line)

/** Lists that a quota or their parent keeps short, and which may be sorted (quotas.md). */
const short: ReadonlySet<string> = new Set([
  ...['listInstancesV2', 'listInstancesByTags', 'listEnvironmentsV2', 'listProjectCofigsV2', 'listGatewayResponsesV2'],
  ...['listApiVersionsV2', 'listAiApiKeys', 'listEnvironmentVariablesV2', 'listSpecialThrottlingConfigurationsV2'],
  // Of one API, or of one certificate.
  ...['listRequestThrottlingPoliciesBindedToApiV2', 'listSignatureKeysBindedToApiV2', 'listAttachedDomainsV2'],
  // Narrow rows of one rule, each API once.
  'listOrchestrationAttachedApis',
])

const isPage = ({ sql: text }: CompiledQuery): boolean => / limit (\?|\$\d+)/.test(text)

const isList = ({ id, query }: Operation): boolean =>
  id.startsWith('list') && query.some(({ name }) => name === 'limit')

describe.each(engines)('lists on $name', (engine) => {
  test('come from indexes, whatever they are filtered by', async () => {
    const watch = new Watch()
    await using sluice = await management(engine, { served: (store) => watch.of(store) })
    const stage = await setStage(sluice)
    const lists = operations().filter(isList)
    const problems: string[] = []
    for (const operation of lists)
      for (const [filter, query] of queriesOf(operation, stage)) {
        const { path } = stage.requestFor(operation)
        const ran = await watch.during(sluice.store, () => sluice.given(operation.id, { path, query }))
        for (const each of ran)
          for (const line of await flaws(sluice, each, filter === '' && !short.has(operation.id)))
            problems.push(`${operation.id} ${filter}: ${line} — ${each.sql.slice(0, 200)}`)
      }
    expect(problems).toEqual([])
    expect(lists.length).toBeGreaterThan(50)
  }, 120_000)
})

type QueryString = Readonly<Record<string, string | number | readonly string[]>>

/** A list without filters, then with each by itself. The offset leaves pages that do not count themselves: counts run. */
function queriesOf(operation: Operation, stage: Stage): [filter: string, query: QueryString][] {
  const { query } = stage.requestFor(operation)
  const filters = operation.query.filter(({ name, required }) => !required && name !== 'limit' && name !== 'offset')
  return [
    ['', { ...query, offset: 1 }],
    ...filters.map(({ name, schema }): [string, QueryString] => [
      name,
      { ...query, offset: 1, [name]: String(stage.sampleOf(name, schema)) },
    ]),
  ]
}

async function flaws(sluice: TestManagement, query: CompiledQuery, mustBeInOrder: boolean): Promise<string[]> {
  const plan = await explained(sluice.store, () => query)
  return plan.filter((line) => readsAll(line, plan) || (mustBeInOrder && isPage(query) && sorts(line)))
}
