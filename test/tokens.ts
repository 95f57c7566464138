/** Issuers of tokens, and services that hand out their keys. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

export interface Issuer {
  readonly jwk: JWK
  /** The set that holds its key alone. */
  readonly jwks: string
  /** Of a token that has no `exp` but the one that is given. */
  token(claims?: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>
}

export async function issuer(alg = 'RS256', kid = 'k1'): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid }
  return {
    jwk,
    jwks: JSON.stringify({ keys: [jwk] }),
    token: (claims = {}, header = {}) =>
      new SignJWT({ sub: 'alice', ...claims }).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  }
}

/** Seconds since the epoch, some of them from now. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds

export interface Service extends AsyncDisposable {
  readonly address: string
  readonly requests: IncomingMessage[]
  answer: (response: ServerResponse, request: IncomingMessage) => void
}

/** A server that answers as a test tells it. */
export async function service(answer: Service['answer']): Promise<Service> {
  const requests: IncomingMessage[] = []
  const made = { requests, answer }
  const server = createServer((request, response) => {
    requests.push(request)
    made.answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(made, {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
