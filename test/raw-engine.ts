/** An engine in front of one backend with a fixed plan: what it means to forward is not under test here. */
import type { Exchange, ForwardPlan } from '../src/gateway/exchange.js'
import type { ExchangeHandler } from '../src/gateway/handler.js'
import type { EngineOptions } from '../src/gateway/http1/context.js'
import { Engine } from '../src/gateway/listeners/engine.js'
import type { Reply } from '../src/gateway/reply.js'
import { refuseFailure } from '../src/gateway/responses/refuse.js'

export interface TestEngine extends AsyncDisposable {
  readonly engine: Engine
  readonly port: number
  /** Exchanges whose record is final, in order. */
  readonly records: Exchange[]
  /** What the engine reported as impossible. */
  readonly faults: unknown[]
}

export interface TestEngineOptions {
  readonly options?: Partial<EngineOptions>
  readonly plan?: Partial<ForwardPlan>
  /** Answers instead of the backend. */
  readonly begin?: (exchange: Exchange) => Reply | Promise<Reply | undefined> | undefined
  readonly replying?: ExchangeHandler['replying']
}

export async function testEngine(backendPort: number, test: TestEngineOptions = {}): Promise<TestEngine> {
  const records: Exchange[] = []
  const faults: unknown[] = []
  const origin = { host: '127.0.0.1', port: backendPort, tls: false }
  const drop: ReadonlySet<string> = new Set(['x-stage', 'x-apig-appcode'])
  const handler: ExchangeHandler = {
    begin(exchange) {
      const { method, target } = exchange.head
      const plan = { origin, method, target, host: 'backend.example', drop, add: '', timeout: 10_000, retries: 0 }
      exchange.plan = { ...plan, ...test.plan }
      return test.begin?.(exchange)
    },
    failed: refuseFailure,
    replying: (exchange, reply) => test.replying?.(exchange, reply),
    done: (exchange) => void records.push(exchange),
  }
  const engine = new Engine(handler, test.options ?? {}, (fault) => faults.push(fault))
  const { port } = await engine.listen('127.0.0.1', 0)
  return { engine, port, records, faults, [Symbol.asyncDispose]: () => engine.drain(0) }
}
