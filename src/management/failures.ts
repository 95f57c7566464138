/** Every way in which a management request can end without success, as the one body that clients parse. */
import type { FastifyReply } from 'fastify'
import { fault, type Fault } from '../contract/faults.js'
import type { OperationId } from '../contract/generated/operations.js'
import { operations } from '../contract/generated/operations.js'
import type { AuthenticationFailure } from '../iam/authenticate.js'

export type Plane = 'APIG' | 'APIC'

export const planeOf = (id: OperationId): Plane => operations[id].errorFamily

export const sendFault = (reply: FastifyReply, { code, status, message }: Fault) =>
  reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ error_code: code, error_msg: message }))

/** authentication.md §2.7 and §1.3. */
export function unauthenticated(reason: AuthenticationFailure['reason'], plane: Plane): Fault {
  switch (reason) {
    case 'missing':
      return plane === 'APIG' ? fault('APIG.1000') : fault('APIC.7100')
    case 'invalid':
      return plane === 'APIG' ? fault('APIG.1002') : fault('APIC.7102')
    case 'expired':
      return plane === 'APIG' ? fault('APIG.1001') : fault('APIC.7101')
    case 'no-project':
      return plane === 'APIG' ? fault('APIG.1003') : fault('APIC.7103')
    case 'other-project':
      return plane === 'APIG' ? fault('APIG.1005') : fault('APIC.7130')
  }
}

export const notPermitted = (plane: Plane): Fault => (plane === 'APIG' ? fault('APIG.1005') : fault('APIC.7106'))

export const unknownInstance = (plane: Plane, id: string): Fault =>
  plane === 'APIG' ? fault('APIG.3030', { id }) : fault('APIC.7302')

export const unexpected = (plane: Plane): Fault => (plane === 'APIG' ? fault('APIG.9999') : fault('APIC.9000'))

export const unsupported = (plane: Plane): Fault =>
  plane === 'APIG' ? fault('APIG.9999', {}, 'unsupported') : fault('APIC.9999', {}, 'unsupported')

/** The text is the one that Go decoders give: clients have been seen to match on it. */
export const bodyTooLarge = (limit: number): Fault =>
  fault('APIG.2000', { detail: `The request body is larger than ${limit} bytes` })
