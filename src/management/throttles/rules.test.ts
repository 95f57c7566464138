import { expect, test } from 'vitest'
import { limitsAreNested } from './rules.js'

const policy = { name: 'throttle_demo', api_call_limits: 100, time_interval: 1, time_unit: 'SECOND' as const }

test.each([
  [{ user_call_limits: 101 }, 'user_call_limits'],
  [{ app_call_limits: 101 }, 'app_call_limits'],
  [{ ip_call_limits: 101 }, 'ip_call_limits'],
  [{ user_call_limits: 10, app_call_limits: 11 }, 'app_call_limits'],
  [{ user_call_limits: 101, app_call_limits: 102 }, 'app_call_limits'],
])('%j does not fit into 100 calls of the API: %s', (limits, name) => {
  expect(() => limitsAreNested({ ...policy, ...limits })).toThrow(
    expect.objectContaining({
      code: 'APIG.2003',
      message: `The parameter value is too large,parameterName:${name}. Please refer to the support documentation`,
    }),
  )
})

test.each([
  {},
  { user_call_limits: 100, app_call_limits: 100, ip_call_limits: 100 },
  { user_call_limits: 10, app_call_limits: 10 },
  { app_call_limits: 100 },
  { user_call_limits: 0, app_call_limits: 100 },
])('%j fits into 100 calls of the API', (limits) => {
  expect(() => limitsAreNested({ ...policy, ...limits })).not.toThrow()
})
