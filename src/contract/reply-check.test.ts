import { describe, expect, it } from 'vitest'
import { checkReply } from './reply-check.js'

const environment = { id: 'e', name: 'staging', remark: '', create_time: '2024-01-01T00:00:00Z' }

describe('checkReply', () => {
  it('finds nothing wrong with a reply that fits', () => {
    expect(checkReply('createEnvironmentV2', 201, environment)).toEqual([])
    expect(checkReply('deleteEnvironmentV2', 204, undefined)).toEqual([])
    expect(checkReply('removeEipV2', 200, {})).toEqual([])
    expect(
      checkReply('createEnvironmentV2', 404, {
        error_code: 'APIG.3030',
        error_msg: 'The instance does not exist;id:x',
      }),
    ).toEqual([])
  })

  it('finds wrong statuses, types, times, bodies and members', () => {
    expect(checkReply('createEnvironmentV2', 200, environment)).toHaveLength(1)
    expect(checkReply('createEnvironmentV2', 201, { ...environment, name: 5 })).toEqual(['/name must be string'])
    expect(checkReply('createEnvironmentV2', 201, { ...environment, create_time: '2024-01-01 00:00:00' })).toHaveLength(
      1,
    )
    expect(checkReply('createEnvironmentV2', 201, { ...environment, Remark: '' })).toEqual([
      '/Remark is not in the contract',
    ])
    expect(checkReply('createEnvironmentV2', 201, null)).not.toEqual([])
    expect(checkReply('deleteEnvironmentV2', 204, {})).toHaveLength(1)
    expect(checkReply('removeEipV2', 200, { a: 1 })).toHaveLength(1)
    expect(checkReply('listEnvironmentsV2', 200, { total: 1, size: 1, envs: [{ ...environment, key: 1 }] })).toEqual([
      '/envs/0/key is not in the contract',
    ])
  })

  it('finds errors that the catalogue does not have', () => {
    const check = (status: number, body: unknown) => checkReply('createEnvironmentV2', status, body)
    expect(check(400, { error_code: 'APIG.3030', error_msg: 'The instance does not exist;id:x' })).toHaveLength(1)
    expect(check(404, { error_code: 'APIG.3030', error_msg: 'The instance does not exist' })).toHaveLength(1)
    expect(check(404, { error_code: 'APIG.0001', error_msg: 'x' })).toEqual(['APIG.0001 is not in the catalogue'])
    expect(check(404, { error_code: 'APIG.3030' })).toHaveLength(1)
    expect(check(500, { error_code: 'APIG.9999', error_msg: 'System error', stack: '' })).toHaveLength(1)
  })
})
