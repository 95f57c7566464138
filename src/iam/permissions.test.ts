import { expect, test } from 'vitest'
import { operations, type OperationId } from '../contract/generated/operations.js'
import { isReadOperation, permits } from './permissions.js'

const ids = Object.keys(operations) as OperationId[]

test('who may do everything may do all 216 operations', () => {
  expect(ids.filter((id) => permits('full', id))).toHaveLength(216)
})

test('a reader may do every GET, and the queries that are POST', () => {
  const others = ids.filter((id) => operations[id].method !== 'GET' && permits('readonly', id))
  expect(
    others.map((id) => `${operations[id].method} ${operations[id].path.replace(/^.*\/apigw\//, '')}`).sort(),
  ).toEqual([
    'POST instances/{instance_id}/api-groups/check',
    'POST instances/{instance_id}/apis/check',
    'POST instances/{instance_id}/openapi/async-export',
    'POST instances/{instance_id}/openapi/export',
    'POST resource-instances/count',
    'POST resource-instances/filter',
  ])
  expect(ids.filter((id) => operations[id].method === 'GET').every((id) => permits('readonly', id))).toBe(true)
  expect(ids.filter(isReadOperation)).toEqual(ids.filter((id) => permits('readonly', id)))
})

test('a debug call is a write', () => {
  expect(permits('readonly', 'debugApiV2')).toBe(false)
})
