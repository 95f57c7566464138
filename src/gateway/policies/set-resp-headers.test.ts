import { expect, test } from 'vitest'
import { gateway } from '../../../test/gateway.js'
import { mockBackend, pluginPart } from '../../../test/parts.js'

interface Header {
  readonly name: string
  readonly action: string
  readonly value?: string
  readonly value_type?: string
}

const plugin = (...response_headers: Header[]) => pluginPart('set_resp_headers', { response_headers })
const api = { pluginIds: ['set_resp_headers1'] }

/** Values of the lines with a name. */
function lines(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}

test('policies.md 11: append joins all lines and its value, and the others do what their names say', async () => {
  const names = ['Override', 'Append', 'Delete', 'Skip', 'Add']
  await using sluice = await gateway({
    api,
    parts: [plugin(...names.map((name) => ({ name: `X-${name}`, action: name.toLowerCase(), value: '3' })))],
  })
  const change = async (values: readonly string[]) => {
    sluice.backend.answer = (response) => {
      for (const name of names) if (values.length > 0) response.setHeader(`x-${name}`, values)
      response.end('ok')
    }
    const { rawHeaders } = await sluice.get('/orders')
    return names.map((name) => lines(rawHeaders, `x-${name.toLowerCase()}`))
  }
  expect(await change([])).toEqual([['3'], ['3'], [], ['3'], ['3']])
  expect(await change(['1'])).toEqual([['3'], ['1,3'], [], ['1'], ['1', '3']])
  expect(await change(['1', '2'])).toEqual([['3'], ['1,2,3'], [], ['1', '2'], ['1', '2', '3']])
})

test('request-lifecycle.md 10: errors of the backend carry them too, as do mocks and refusals, but not a 404', async () => {
  await using sluice = await gateway({
    api: [
      { id: 'a1', ...api, backend: { url_domain: '127.0.0.1:1' } },
      { id: 'a2', ...api, req_uri: '/mock', backend: mockBackend({ headers: [{ key: 'X-A', value: '0' }] }) },
      { id: 'a3', ...api, req_uri: '/closed', auth_type: 'APP' },
    ],
    parts: [plugin({ name: 'X-A', action: 'add', value: '1' })],
  })
  const answer = async (path: string) => {
    const { status, rawHeaders } = await sluice.get(path)
    return [status, lines(rawHeaders, 'x-a')]
  }
  expect(await answer('/orders')).toEqual([502, ['1']])
  expect(await answer('/mock')).toEqual([200, ['0', '1']])
  expect(await answer('/closed')).toEqual([401, ['1']])
  expect(await answer('/unknown')).toEqual([404, []])
})

test('a mock’s own lines are changed as those of a backend', async () => {
  await using sluice = await gateway({
    api: {
      ...api,
      backend: mockBackend({
        headers: [
          { key: 'X-A', value: '1' },
          { key: 'X-B', value: '2' },
        ],
      }),
    },
    parts: [plugin({ name: 'x-a', action: 'delete' }, { name: 'x-b', action: 'append', value: '3' })],
  })
  const { rawHeaders } = await sluice.get('/orders')
  expect([lines(rawHeaders, 'x-a'), lines(rawHeaders, 'x-b')]).toEqual([[], ['2,3']])
})

test('values of the system, of which none can end its line', async () => {
  const system = (name: string, value: string) => ({ name, action: 'add', value, value_type: 'system_parameter' })
  await using sluice = await gateway({
    api: { ...api, name: '名字\r\nX-Evil: 1', backend: mockBackend() },
    parts: [
      plugin(
        system('X-Ip', '$context.sourceIp'),
        system('X-Id', '$context.requestId'),
        system('X-Name', '$context.apiName'),
        system('X-What', '$context.weather'),
      ),
    ],
  })
  const { headers } = await sluice.get('/orders')
  expect(headers).toMatchObject({ 'x-ip': '127.0.0.1', 'x-id': headers['x-request-id'], 'x-what': '' })
  expect(Buffer.from(String(headers['x-name']), 'latin1').toString()).toBe('名字')
  expect(headers).not.toHaveProperty('x-evil')
})

test('the framing of a message is nobody’s to change', async () => {
  await using sluice = await gateway({
    api,
    parts: [
      plugin(
        { name: 'Content-Length', action: 'override', value: '1' },
        { name: 'Trailer', action: 'add', value: 'X' },
        { name: 'Keep-Alive', action: 'add', value: 'timeout=9' },
      ),
    ],
  })
  sluice.backend.answer = (response) => response.end('whole')
  const { body, headers } = await sluice.get('/orders')
  expect([body, headers['content-length'], headers.trailer]).toEqual(['whole', '5', undefined])
})
