/** What every IAM route does with a request first. */
import type { FastifyRequest } from 'fastify'
import type { Authentication, AuthenticationSuccess, IncomingCall } from './authenticate.js'
import { IamFault } from './iam-fault.js'

/** @throws {IamFault} 401 */
export async function authenticated(
  authenticate: (call: IncomingCall) => Promise<Authentication>,
  request: FastifyRequest,
): Promise<AuthenticationSuccess> {
  const result = await authenticate({
    method: request.method,
    url: request.raw.url ?? '',
    headers: request.raw.headersDistinct,
    rawBody: rawBody(request),
  })
  if (result.ok) return result
  throw new IamFault(
    401,
    result.reason === 'missing'
      ? 'The request you have made requires authentication.'
      : result.reason === 'expired'
        ? 'The token or temporary access key has expired.'
        : 'The token or signature is invalid.',
  )
}

/** @throws {IamFault} 400 */
export function jsonBody(request: FastifyRequest): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody(request)))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError)
      throw new IamFault(400, 'The request body is not valid JSON.')
    throw cause
  }
}

/** The address under which the caller reached this server, for links. */
export const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`

export const headerOf = (request: FastifyRequest, name: string): string => {
  const value = request.headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** A parameter of the query; empty and repeated ones count as not given. */
export const queryOf = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

const rawBody = (request: FastifyRequest): Buffer => (Buffer.isBuffer(request.body) ? request.body : EMPTY)

const EMPTY = Buffer.alloc(0)
