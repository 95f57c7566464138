import { expect, test } from 'vitest'
import type { InstanceRow } from '../../store/schema.js'
import { instanceProgress } from './views.js'

test('a creation goes through the percentages that clients know, and no others', () => {
  const row = { job_kind: 'create', created_at: 1_000, job_ends_at: 1_100 } as InstanceRow

  const seen = Array.from({ length: 130 }, (_, passed) => instanceProgress(row, 990 + passed))

  expect([...new Set(seen.map(({ progress }) => progress))]).toEqual([30, 50, 80, 90, 100])
  expect(seen.findIndex(({ status }) => status === 'success')).toBe(110)
  expect(seen.every(({ progress, status }) => (progress === 100) === (status === 'success'))).toBe(true)
})
