import { expectTypeOf, it } from 'vitest'
import type { ReplyOf, RequestOf } from './operation.js'

it('ties a reply to the status and the body that the contract gives the operation', () => {
  expectTypeOf<ReplyOf<'deleteApiV2'>>().toEqualTypeOf<{ readonly status: 204; readonly body?: undefined }>()
  expectTypeOf<ReplyOf<'createEnvironmentV2'>['status']>().toEqualTypeOf<201>()
  expectTypeOf<{ status: 200; body: { id: string } }>().not.toExtend<ReplyOf<'createEnvironmentV2'>>()
})

it('gives paging a value always, and filters perhaps', () => {
  expectTypeOf<RequestOf<'listApisV2'>['query']['limit']>().toEqualTypeOf<number>()
  expectTypeOf<RequestOf<'listApisV2'>['query']['name']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<RequestOf<'listApisV2'>['query']['tags']>().toEqualTypeOf<string[] | undefined>()
  expectTypeOf<RequestOf<'deleteApiV2'>['body']>().toEqualTypeOf<undefined>()
})
