/** What a gateway tells control, on the paths that only gateways use. */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'

/** Milliseconds. */
const PATIENCE = 5_000

/** The status, or 0 when there was no answer: the configuration stream already says that control is away. */
export function post(url: URL, token: string, body: string): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const outgoing = request(url, { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(PATIENCE) })
    outgoing.on('error', () => resolve(0))
    outgoing.on('response', (response) => {
      text(response).then(
        () => resolve(response.statusCode ?? 0),
        () => resolve(0),
      )
    })
    outgoing.end(body)
  })
}
