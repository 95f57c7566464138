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

const load = (file: string) =>
  JSON.parse(readFileSync(new URL(`./vectors/${file}`, import.meta.url), 'utf8')) as Vectors

const { accessKey, secretKey, vectors } = load('python.json')
const recorded = load('recorded.json')

describe.each([
  ['management', managementRules],
  ['gateway', gatewayRules],
] as const)('on the %s plane', (plane, rules) => {
  test.each(vectors)('what Python signs passes: $name', (vector) => {
    expect(verdictOf(vector, secretKey, rules)).toBe('ok')
    expect(verdictOf(vector, secretKey + ' ', rules)).toBe('bad-signature')
  })

  test.each(recorded.vectors)('what was recorded passes: $name', (vector) => {
    // The gateway takes escapes in a path in one way only; Node escapes them once more.
    const ambiguous = vector.path.includes('%') && vector.name.startsWith('node')
    const expected = plane === 'gateway' && ambiguous ? 'bad-signature' : 'ok'
    expect(verdictOf(vector, recorded.secretKey, rules)).toBe(expected)
    expect(verdictOf(vector, recorded.secretKey + ' ', rules)).toBe('bad-signature')
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
