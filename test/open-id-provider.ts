/** An OpenID provider that logs everybody in, as far as a relying party can see. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inSeconds, issuer, service, type Issuer, type Service } from './tokens.js'

export interface OpenIdProvider extends AsyncDisposable {
  readonly service: Service
  readonly issuer: string
  readonly keys: Issuer
  /** Claims of ID tokens beside those that have to be right; a claim may be made wrong. */
  claims: Record<string, unknown>
  /** Seconds of an access token, or `undefined` to say nothing. */
  expiresIn: number | undefined
  userInfo: Record<string, unknown>
  /** Paths that answer 500. */
  readonly broken: Set<string>
  /** Forms that the token endpoint was sent. */
  readonly forms: Record<string, string>[]
  /** What a browser gets that follows a redirect to the provider: where it is sent back to. */
  logIn(location: string): string
}

export async function openIdProvider(): Promise<OpenIdProvider> {
  const keys = await issuer()
  const codes = new Map<string, { readonly challenge: string; readonly nonce: string; readonly redirect: string }>()
  const forms: Record<string, string>[] = []
  let serial = 0
  const server = await service((response, request) => void answer(response, request))
  const at = `http://${server.address}`
  const provider: OpenIdProvider = {
    service: server,
    issuer: at,
    keys,
    claims: {},
    expiresIn: 300,
    userInfo: { sub: 'alice', email: 'alice@example.com' },
    broken: new Set(),
    forms,
    logIn(location) {
      const { searchParams: sent } = new URL(location)
      const code = `code-${++serial}`
      const redirect = sent.get('redirect_uri') ?? ''
      codes.set(code, { challenge: sent.get('code_challenge') ?? '', nonce: sent.get('nonce') ?? '', redirect })
      return `${redirect}?${new URLSearchParams({ code, state: sent.get('state') ?? '' }).toString()}`
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }

  async function answer(response: ServerResponse, request: IncomingMessage): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? ''
    if (provider.broken.has(path)) return void response.writeHead(500).end()
    const json = (value: unknown, status = 200) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
    switch (path) {
      case '/.well-known/openid-configuration':
        json({
          issuer: at,
          authorization_endpoint: `${at}/authorize?tenant=1`,
          token_endpoint: `${at}/token`,
          userinfo_endpoint: `${at}/userinfo`,
          jwks_uri: `${at}/jwks`,
          end_session_endpoint: `${at}/logout`,
        })
        break
      case '/jwks':
        response.end(keys.jwks)
        break
      case '/userinfo':
        json(provider.userInfo)
        break
      case '/token': {
        let text = ''
        for await (const piece of request.setEncoding('utf8')) text += String(piece)
        const form = Object.fromEntries(new URLSearchParams(text))
        forms.push(form)
        const tokens = await tokensFor(form, request.headers.authorization)
        json(tokens ?? { error: 'invalid_grant' }, tokens === undefined ? 400 : 200)
        break
      }
      default:
        response.writeHead(404).end()
    }
  }

  async function tokensFor(form: Record<string, string>, authorization = '') {
    const basic = `Basic ${Buffer.from('client+1:s%26cret').toString('base64')}`
    if (authorization !== basic) return undefined
    const tokens = {
      access_token: await keys.token({ iss: at, exp: inSeconds(300), serial: ++serial }),
      token_type: 'Bearer',
      refresh_token: `refresh-${serial}`,
      ...(provider.expiresIn !== undefined && { expires_in: provider.expiresIn }),
    }
    if (form['grant_type'] === 'refresh_token')
      return form['refresh_token']?.startsWith('refresh-') === true ? tokens : undefined
    const code = codes.get(form['code'] ?? '')
    codes.delete(form['code'] ?? '')
    const challenge = createHash('sha256')
      .update(form['code_verifier'] ?? '')
      .digest('base64url')
    if (code?.challenge !== challenge || code.redirect !== form['redirect_uri']) return undefined
    const claims = { iss: at, aud: 'client 1', nonce: code.nonce, exp: inSeconds(300), ...provider.claims }
    return { ...tokens, id_token: await keys.token(claims) }
  }
  return provider
}
