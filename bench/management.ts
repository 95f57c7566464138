/** Signed calls to the management API of the Sluice that is measured. */
import { signRequest } from '../src/signing/sign.js'

export type Management = (method: string, path: string, body?: object) => Promise<Record<string, unknown>>

/** `credentials` are those of `credentials.json`; paths are relative to the first instance, and may have a query. */
export function managementOf(credentials: Readonly<Record<string, string>>): Management {
  const { endpoint = '', project_id = '', instance_id = '', access_key = '', secret_key = '' } = credentials
  const base = new URL(endpoint)
  return async (method, path, body) => {
    const [route, query = ''] = path.split('?')
    const target = `/v2/${project_id}/apigw/instances/${instance_id}/${route}`
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body))
    const headers = { Host: base.host, 'Content-Type': 'application/json' }
    const signature = signRequest(
      { method, path: target, query, headers, body: bytes },
      { accessKey: access_key, secretKey: secret_key },
    )
    const reply = await fetch(new URL(query === '' ? target : `${target}?${query}`, base), {
      method,
      headers: { ...headers, ...signature },
      ...(body === undefined ? {} : { body: bytes }),
    })
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  }
}
