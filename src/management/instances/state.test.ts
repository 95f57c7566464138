import { expect, test } from 'vitest'
import type { InstanceState } from '../../store/instances.js'
import { admits } from './state.js'

test.each<[InstanceState, { read: boolean; write: boolean; remove: boolean }]>([
  ['Creating', { read: true, write: false, remove: true }],
  ['Running', { read: true, write: true, remove: true }],
  ['Resizing', { read: true, write: false, remove: true }],
  ['Deleting', { read: true, write: false, remove: false }],
])('%s admits %j', (state, expected) => {
  expect({
    read: admits(state, 'listApisV2'),
    write: admits(state, 'createApiV2'),
    remove: admits(state, 'deleteInstancesV2'),
  }).toEqual(expected)
})
