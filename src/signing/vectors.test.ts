import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseAuthorization } from './authorization-header.js'
import { received, verdictOf, type Received } from '../../test/received-request.js'
import { signRequest } from './sign.js'
import { gatewayRules, managementRules } from './verify.js'

interface Vectors {
  accessKey: string
  secretKey: string
  vectors: (Received & { name: string })[]
}

const { accessKey, secretKey, vectors } = JSON.parse(
  readFileSync(new URL('./vectors/python.json', import.meta.url), 'utf8'),
) as Vectors

const rules = [
  ['management', managementRules],
  ['gateway', gatewayRules],
] as const

describe.each(rules)('what the official Python client sends passes on the %s plane', (_, rules) => {
  test.each(vectors)('$name', (vector) => {
    expect(verdictOf(vector, secretKey, rules)).toBe('ok')
  })

  test.each(vectors)('$name: not with another secret', (vector) => {
    expect(verdictOf(vector, secretKey + ' ', rules)).toBe('bad-signature')
  })
})

// An empty body under `UNSIGNED-PAYLOAD` is the one case in which Python signs something else than the others.
const ofAllClients = vectors.filter(({ name }) => name !== 'unsigned payload without a body')

test.each(ofAllClients)('$name: signed by us, it is the same signature', (vector) => {
  const headers = Object.fromEntries(
    vector.headers
      .filter(([name]) => name !== 'Authorization')
      // The file has octets, the signer takes text.
      .map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('utf8')]),
  )
  const path = Buffer.from(vector.path, 'latin1').toString('utf8')
  const body = Buffer.from(vector.body, 'latin1')
  const signed = signRequest({ ...vector, path, headers, body }, { accessKey, secretKey })

  const theirs = parseAuthorization(received(vector).header('authorization') ?? '')
  expect(theirs?.accessKey).toBe(accessKey)
  expect(parseAuthorization(signed['Authorization'] ?? '')).toEqual(theirs)
})
