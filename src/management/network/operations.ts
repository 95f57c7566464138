import type { Handlers } from '../operation.js'
import { endpointOperations } from './endpoints.js'
import { ingressPortOperations } from './ingress-ports.js'
import { publicAccessOperations } from './public-access.js'

export const networkOperations = {
  ...publicAccessOperations,
  ...ingressPortOperations,
  ...endpointOperations,
} satisfies Handlers
