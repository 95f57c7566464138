/**
 * Servers of the management API that tests use one after another. A route costs more than most tests do with it, and
 * there are hundreds; all that a test can see of a server is what it was given for this test.
 */
import type { FastifyInstance } from 'fastify'
import type { Authenticator } from '../src/iam/authenticate.js'
import { managementApp, type AppDependencies } from '../src/management/app.js'

type Given = Omit<AppDependencies, 'logger' | 'isReady'>

interface Server {
  readonly url: string
  /** What the routes read with every request. */
  readonly use: (given: Given | undefined) => void
  /** Resolves when no request is under way. */
  readonly quiet: () => Promise<void>
  readonly close: () => Promise<void>
}

const idle: Server[] = []

export async function managementServer(given: Given): Promise<AsyncDisposable & { readonly url: string }> {
  const server = idle.pop() ?? (await start())
  server.use(given)
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server.quiet()
      server.use(undefined)
      idle.push(server)
    },
  }
}

async function start(): Promise<Server> {
  let current: Given | undefined
  const given = (): Given => {
    if (current === undefined) throw new Error('a request to a server that no test uses')
    return current
  }
  const app = await managementApp({
    store: standIn(() => given().store),
    vault: standIn(() => given().vault),
    authenticate: Object.assign((...call: Parameters<Authenticator>) => given().authenticate(...call), {
      forget: (...what: Parameters<Authenticator['forget']>) => given().authenticate.forget(...what),
    }),
    clock: () => given().clock(),
    settings: standIn(() => given().settings),
    services: standIn(() => given().services),
    isReady: () => Promise.resolve(true),
  })
  const quiet = watch(app)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  // A worker ends with its last test, whatever still listens.
  app.server.unref()
  return { url, quiet, use: (next) => (current = next), close: () => app.close() }
}

/** For a program that is no test run, and ends by itself. */
export async function closeIdleServers(): Promise<void> {
  await Promise.all(idle.splice(0).map((server) => server.close()))
}

/** An object that is, at every look, the one that `pick` gives. */
function standIn<T extends object>(pick: () => T): T {
  const nothing: Partial<T> = {}
  return new Proxy(nothing as T, {
    get(_, name) {
      const target = pick()
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
    has: (_, name) => Reflect.has(pick(), name),
  })
}

function watch(app: FastifyInstance): () => Promise<void> {
  let underWay = 0
  let ended: () => void = () => undefined
  app.server.on('request', (_request, response) => {
    underWay++
    response.once('close', () => {
      underWay--
      ended()
    })
  })
  return async () => {
    while (underWay > 0) await new Promise<void>((resolve) => (ended = resolve))
  }
}
