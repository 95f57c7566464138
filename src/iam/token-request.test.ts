import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IamFault } from './iam-fault.js'
import { parseTokenRequest } from './token-request.js'

const password = (user: object, scope?: unknown) => ({
  auth: { identity: { methods: ['password'], password: { user: { password: 'pw', ...user } } }, scope },
})
const admin = { name: 'admin', domain: { name: 'sluice' } }

test('a user by name is one of an account, a user by id needs none', () => {
  expect(parseTokenRequest(password(admin)).proof).toEqual({
    method: 'password',
    user: { user: { name: 'admin' }, domain: { name: 'sluice' } },
    password: 'pw',
  })
  expect(parseTokenRequest(password({ id: 'u1' })).proof).toMatchObject({ user: { user: { id: 'u1' } } })
})

test('an id counts more than a name, and an empty text is none', () => {
  const { proof } = parseTokenRequest(password({ id: 'u1', name: 'admin', domain: { id: '', name: '' } }))
  expect(proof).toMatchObject({ user: { user: { id: 'u1' } } })
  expect(proof).not.toHaveProperty('user.domain')
})

test.each([
  ['none', undefined, { kind: 'own-domain' }],
  ['null', null, { kind: 'own-domain' }],
  ['empty', {}, { kind: 'own-domain' }],
  ['an empty domain', { domain: {} }, { kind: 'own-domain' }],
  ['a domain', { domain: { id: 'd1' } }, { kind: 'domain', domain: { id: 'd1' } }],
  ['a project', { project: { name: 'p' } }, { kind: 'project', project: { name: 'p' } }],
  [
    'a project of a domain',
    { project: { name: 'p', domain: { id: 'd1' } } },
    { kind: 'project', project: { name: 'p' }, domain: { id: 'd1' } },
  ],
])('scope: %s', (_, given, scope) => {
  expect(parseTokenRequest(password(admin, given)).scope).toEqual(scope)
})

const status = (body: unknown) => {
  try {
    parseTokenRequest(body)
    return 200
  } catch (error) {
    if (error instanceof IamFault) return error.status
    throw error
  }
}

test.each<[string, unknown]>([
  ['an array', []],
  ['null', null],
  ['a text', 'auth'],
  ['no identity', { auth: {} }],
  ['no method', { auth: { identity: { methods: [] } } }],
  ['methods that are no list', { auth: { identity: { methods: 'password' } } }],
  ['an unknown method', { auth: { identity: { methods: ['magic'] } } }],
  ['two factors', { auth: { identity: { methods: ['password', 'totp'] } } }],
  ['no password', { auth: { identity: { methods: ['password'] } } }],
  ['no user', password({})],
  ['a name without an account', password({ name: 'admin' })],
  ['a password that is a number', password({ ...admin, password: 1 })],
  ['a password that is too long', password({ ...admin, password: 'x'.repeat(1025) })],
  ['no token', { auth: { identity: { methods: ['token'] } } }],
  ['an empty token', { auth: { identity: { methods: ['token'], token: { id: '' } } } }],
  ['a project without a name', password(admin, { project: {} })],
  ['a project and a domain', password(admin, { project: { id: 'p' }, domain: { id: 'd' } })],
])('%s: 400', (_, body) => {
  expect(status(body)).toBe(400)
})

test.each(['assume_role', 'hw_assume_role'])('%s: 404, there are no agencies', (method) => {
  expect(status({ auth: { identity: { methods: [method], assume_role: { agency_name: 'a' } } } })).toBe(404)
})

test('any JSON is either understood or refused', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (identity, scope) => {
      expect([200, 400, 404]).toContain(status(identity))
      expect([200, 400, 404]).toContain(status({ auth: { identity, scope } }))
      expect([200, 400]).toContain(status(password(admin, scope)))
    }),
  )
})
