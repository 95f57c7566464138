import { expect, test } from 'vitest'
import { engines } from '../../test/engines.js'
import { iamServer } from '../../test/iam-server.js'
import { LoginAttempts } from './login-attempts.js'

const MINUTE = 60_000

function fail(attempts: LoginAttempts, key: string, now: number): boolean {
  const admission = attempts.begin(key, now)
  if (admission.ok) attempts.end(key, 'wrong', now)
  return admission.ok
}

test('the eleventh failure within ten minutes is refused unseen, until the first has left the window', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 10; i++) expect(fail(attempts, 'a', i * 1000)).toBe(true)
  expect(attempts.begin('a', 10_000)).toEqual({ ok: false, retryAfterSeconds: 590 })
  expect(attempts.begin('a', 10 * MINUTE - 1)).toEqual({ ok: false, retryAfterSeconds: 1 })
  expect(fail(attempts, 'a', 10 * MINUTE)).toBe(true)
  expect(fail(attempts, 'a', 10 * MINUTE)).toBe(false)
  expect(fail(attempts, 'a', 10 * MINUTE + 1000)).toBe(true)
})

test('one key does not touch another', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 10; i++) fail(attempts, 'a', 0)
  expect(fail(attempts, 'a', 0)).toBe(false)
  expect(fail(attempts, 'b', 0)).toBe(true)
})

test('a right password clears the failures', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 9; i++) fail(attempts, 'a', 0)
  expect(attempts.begin('a', 0).ok).toBe(true)
  attempts.end('a', 'right', 0)
  for (let i = 0; i < 10; i++) expect(fail(attempts, 'a', 0)).toBe(true)
})

test('attempts under way count, so a burst gets no more guesses', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 7; i++) fail(attempts, 'a', 0)
  const admitted = Array.from({ length: 20 }, () => attempts.begin('a', 0).ok)
  expect(admitted.filter(Boolean)).toHaveLength(3)
})

test('what ended neither right nor wrong leaves no trace', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 50; i++) {
    expect(attempts.begin('a', 0).ok).toBe(true)
    attempts.end('a', 'unknown', 0)
  }
})

test('at most a hundred attempts are under way', () => {
  const attempts = new LoginAttempts()
  for (let i = 0; i < 100; i++) expect(attempts.begin(`key ${i}`, 0).ok).toBe(true)
  expect(attempts.begin('one more', 0)).toEqual({ ok: false, retryAfterSeconds: 1 })
  attempts.end('key 0', 'right', 0)
  expect(attempts.begin('one more', 0).ok).toBe(true)
})

test.each(engines)(
  'past the limit even the right password is refused with 429, other users are not ($name)',
  async (engine) => {
    await using iam = await iamServer(engine)
    for (let i = 0; i < 10; i++) expect((await iam.login('wrong')).status).toBe(401)

    const refused = await iam.login()
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toMatch(/^\d+$/)
    expect(refused.body['error']).toMatchObject({ code: 429, title: 'Too Many Requests' })
    expect((await iam.login(iam.reader.password, undefined, 'reader')).status).toBe(201)

    iam.time.now += 10 * MINUTE
    expect((await iam.login()).status).toBe(201)
  },
)
