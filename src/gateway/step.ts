import type { Exchange } from './exchange.js'
import type { Reply } from './reply.js'

/** `undefined`: go on. A reply: answer now. A promise: rare, awaited (a body must be read, a lease fetched). */
export type Outcome = Reply | undefined | Promise<Reply | undefined>

/** One thing that happens to an exchange. Compiled from configuration, named for profiles and stack traces. */
export type Step = (exchange: Exchange) => Outcome
