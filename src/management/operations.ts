/** Every operation that has a handler: one line for a resource family. */
import type { Handlers } from './operation.js'

export const handlers: Handlers = {}
