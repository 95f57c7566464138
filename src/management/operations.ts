/** Every operation that has a handler: one line for a resource family. */
import { appAuthOperations } from './app-auths/operations.js'
import { appOperations } from './apps/operations.js'
import type { Handlers } from './operation.js'

export const handlers: Handlers = {
  ...appOperations,
  ...appAuthOperations,
}
