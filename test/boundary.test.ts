/** A part of `npm run boundary`, so that what breaks it is seen before it is run. */
import { expect, test } from 'vitest'
import { runCases } from '../conformance/boundary/suite.js'

test('every thirtieth field case, and all that the contract gives, are answered as the contract says', async () => {
  const { total, failures } = await runCases({ every: 30 })

  expect(failures).toEqual([])
  expect(total).toBeGreaterThan(450)
}, 60_000)
