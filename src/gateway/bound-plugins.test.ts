import { expect, test } from 'vitest'
import { gateway } from '../../test/gateway.js'
import { change, mockBackend, pluginPart } from '../../test/parts.js'

const headers = { response_headers: [{ name: 'X-A', value: 'b', action: 'add' }] }
const api = { backend: mockBackend(), pluginIds: ['p1'] }
const plugin = (content: unknown) => pluginPart('set_resp_headers', content, 'p1')

test('a plug-in that is not known, or cannot be read, refuses every request until it can', async () => {
  await using sluice = await gateway({ api })
  expect(await sluice.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0104' })
  await sluice.apply(change([plugin(headers)]))
  expect((await sluice.get('/orders')).status).toBe(200)
  await sluice.apply(change([plugin({ response_headers: 'none' })]))
  expect(await sluice.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0104' })
  await sluice.apply(change([plugin(headers)]))
  expect((await sluice.get('/orders')).status).toBe(200)
  await sluice.apply(change([], ['plugin:p1']))
  expect(await sluice.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0104' })
  expect(sluice.faults).toEqual([])
})

test('a type of a later version is as one that is not known', async () => {
  await using sluice = await gateway({ api, parts: [{ ...plugin({}), type: 'toString' as 'cors' }] })
  expect(await sluice.get('/orders')).toMatchObject({ status: 500, code: 'APIG.0104' })
})
