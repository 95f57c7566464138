/** The custom fields of the access log: telemetry.md §2.3, §2.4 and check 7, features.md check 8. */
import { expect, test } from 'vitest'
import { gateway } from '../../test/gateway.js'
import { change, instancePart } from '../../test/parts.js'
import { compileCustomFields } from './custom-fields.js'
import { splitAccessLine } from './access-line.js'

const logging = (...custom_logs: object[]) =>
  instancePart({ features: { custom_log: { enable: true, config: JSON.stringify({ custom_logs }) } } })

const numbered = (line: Record<string, string> | undefined) =>
  Array.from({ length: 10 }, (_, index) => line?.[`custom_data_log${index + 1}`])

test('features.md 8: a header, a parameter and a cookie, each in its field', async () => {
  await using gw = await gateway({
    api: {},
    parts: [
      logging(
        { location: 'header', name: 'a1234' },
        { location: 'query', name: 'q' },
        { location: 'cookie', name: 'session' },
        { location: 'header', name: 'Authorization' },
      ),
    ],
  })
  gw.backend.answer = (response) => response.setHeader('a1234', 'of the backend').end()
  await gw.get('/orders')
  const headers = { a1234: 'a"b\\c', Cookie: 'a=1; session=s1; session=s2', Authorization: 'secret' }
  await gw.get('/orders?p=1&q=a+b%20c', { headers })
  await gw.apply(change([instancePart()]))
  await gw.get('/orders', { headers })
  const [without, whole, off] = await gw.log()
  expect(numbered(without)).toEqual(Array(10).fill('-'))
  expect(numbered(whole)).toEqual(['a"b\\c', 'a b%20c', 's1', ...(Array(7).fill('-') as string[])])
  expect(numbered(off)).toEqual(Array(10).fill('-'))
})

const head = (headers: Readonly<Record<string, string>>) => ({ target: '/', header: (name: string) => headers[name] })

test('telemetry.md 7: as it stands in the line', () => {
  const fields = compileCustomFields([{ location: 'header', name: 'x-tag' }])
  expect(fields?.(head({ 'x-tag': 'a"b\\c' }))).toBe('"a\\x22b\\x5Cc" - - - - - - - - -')
})

test('§2.3: ten at most, and 2,048 bytes of them: the one that crosses the limit is cut, the rest is absent', () => {
  const names = Array.from({ length: 12 }, (_, index) => `h${index}`)
  const fields = compileCustomFields(names.map((name) => ({ location: 'header', name })))
  const sent = Object.fromEntries(names.map((name) => [name, name.padEnd(900, '.')]))
  const line = fields?.(head(sent)) ?? ''
  expect(splitAccessLine(line).map((value) => value.length)).toEqual([900, 900, 248, 1, 1, 1, 1, 1, 1, 1])
  expect(splitAccessLine(fields?.(head({ h9: 'x', h10: 'y' })) ?? '')).toEqual([...Array<string>(9).fill('-'), 'x'])
})

test.each([
  undefined,
  'x',
  {},
  [],
  [null],
  [{ location: 'header', name: 'X-Auth-Token' }],
  [{ location: 'body', name: 'x' }],
])('nothing to log in %j', (entries) => {
  expect(compileCustomFields(entries)).toBeUndefined()
})
