import { expect, test } from 'vitest'
import { apiMinuteView, groupMinuteView } from './views.js'

/** The seven calls of the reference's example, in UTC+8: 2020-07-24 15:44, last written at 15:44:56. */
const row = {
  api_id: '39bce6d25a3f470e8cf7b2c97174f7d9',
  minute: 1_595_576_640,
  instance_id: 'instance',
  group_id: 'd0fc4e40b7d1492cba802f667c7c7226',
  requests: 7,
  requests_2xx: 0,
  requests_4xx: 6,
  requests_5xx: 1,
  latency_sum: 29,
  latency_max: 14.2,
  inner_sum: 11,
  inner_max: 7.9,
  backend_requests: 7,
  backend_sum: 19,
  backend_max: 6,
  bytes_in: 1_071,
  bytes_out: 3_790,
  public_bytes_in: 0,
  public_bytes_out: 0,
  updated_at: 1_595_576_696_789,
}
const scope = { projectId: '73d69ae0cfcf460190522d06b60f05ad', offset: 480 * 60_000 }

const ofBoth = {
  avg_latency: 4.14,
  current_minute: 1595576640,
  group_id: 'd0fc4e40b7d1492cba802f667c7c7226',
  input_throughput: 1071,
  max_latency: 14,
  output_throughput: 3790,
  provider: '73d69ae0cfcf460190522d06b60f05ad',
  register_time: '2020-07-24 15:44:56',
  req_count: 7,
  req_count2xx: 0,
  req_count4xx: 6,
  req_count5xx: 1,
  req_count_error: 7,
  req_time: '2020-07-24 15:44:00',
}

test('a minute of an API is shown as in the reference', () => {
  expect(apiMinuteView(row, scope)).toEqual({
    ...ofBoth,
    api_id: '39bce6d25a3f470e8cf7b2c97174f7d9',
    avg_backend_latency: 2.71,
    avg_inner_latency: 1.57,
    cycle: 'MINUTE',
    max_backend_latency: 6,
    max_inner_latency: 8,
    status: 1,
  })
})

test('a minute of a group is shown as in the reference, without what only an API has', () => {
  expect(groupMinuteView(row, row.group_id, scope)).toEqual(ofBoth)
})

test('the average of no backend calls is 0', () => {
  const view = apiMinuteView({ ...row, backend_requests: 0, backend_sum: 0, backend_max: 0 }, scope)
  expect(view).toMatchObject({ avg_backend_latency: 0, max_backend_latency: 0 })
})
