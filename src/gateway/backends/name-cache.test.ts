/** What is kept of names, and that whatever they mean is judged before it is called. */
import net, { type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { AddressSet } from '../address-set.js'
import { FORBIDDEN, guardedLookup } from './guarded-lookup.js'
import { NameCache, type Addresses, type NameCacheOptions } from './name-cache.js'

const v4 = (...addresses: string[]): Addresses => addresses.map((address) => ({ address, family: 4 }))

/** A cache with a resolver and a clock in the hands of the test. */
function underTest(options: Partial<NameCacheOptions> = {}) {
  const asked: string[] = []
  const state = { time: 1, answer: v4('192.0.2.1') as Addresses | string, late: [] as (() => void)[] }
  const names = new NameCache({
    now: () => state.time,
    resolve: (name, answer) => {
      asked.push(name)
      const { answer: now } = state
      const reply = () =>
        typeof now === 'string' ? answer(Object.assign(new Error(now), { code: now }), []) : answer(null, now)
      state.late.push(reply)
      process.nextTick(() => state.late.splice(0).forEach((each) => each()))
    },
    ...options,
  })
  const ask = (name: string) =>
    new Promise<string>((resolve) =>
      names.addresses(name, (error, all) => resolve(error?.message ?? all.map(({ address }) => address).join())),
    )
  return { names, asked, state, ask }
}

test('an answer serves for its time, then the resolver is asked again', async () => {
  const { asked, state, ask } = underTest()
  expect(await ask('one.example')).toBe('192.0.2.1')
  state.answer = v4('192.0.2.2')
  state.time += 9_999
  expect(await ask('one.example')).toBe('192.0.2.1')
  expect(asked).toHaveLength(1)
  state.time += 1
  expect(await ask('one.example')).toBe('192.0.2.2')
})

test('who asks at the same time waits for one answer', async () => {
  const { asked, ask } = underTest()
  expect(await Promise.all([ask('one.example'), ask('one.example'), ask('two.example')])).toHaveLength(3)
  expect(asked).toEqual(['one.example', 'two.example'])
})

test('a name without an address is not asked for at every request, but soon again', async () => {
  const { asked, state, ask } = underTest()
  state.answer = 'ENOTFOUND'
  expect(await ask('one.example')).toBe('ENOTFOUND')
  state.answer = v4('192.0.2.1')
  expect(await ask('one.example')).toBe('ENOTFOUND')
  expect(asked).toHaveLength(1)
  state.time += 1_000
  expect(await ask('one.example')).toBe('192.0.2.1')
})

test('while the resolver is out of reach, the last answer serves, not for ever; a name that is gone is gone', async () => {
  const { state, ask } = underTest()
  await ask('one.example')
  state.answer = 'EAI_AGAIN'
  state.time += 3_000_000
  expect(await ask('one.example')).toBe('192.0.2.1')
  state.answer = 'ENOTFOUND'
  state.time += 1_000
  expect(await ask('one.example')).toBe('ENOTFOUND')
  state.answer = v4('192.0.2.1')
  state.time += 1_000
  await ask('one.example')
  state.answer = 'EAI_AGAIN'
  state.time += 3_600_001
  expect(await ask('one.example')).toBe('EAI_AGAIN')
})

test('the names that were not used for longest make room', async () => {
  const { names, asked, ask } = underTest({ size: 2 })
  for (const name of ['a', 'b', 'a', 'c', 'a']) await ask(name)
  expect(names.size).toBe(2)
  expect(asked).toEqual(['a', 'b', 'c'])
  await ask('b')
  expect(asked).toEqual(['a', 'b', 'c', 'b'])
})

async function listening(host: string): Promise<net.Server> {
  const server = net.createServer((socket) => socket.end())
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return server
}

function connect(port: number, addresses: Addresses, forbidden: readonly string[]): Promise<string> {
  const names = new NameCache({ resolve: (_, answer) => answer(null, addresses) })
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      host: 'backend.example',
      port,
      lookup: guardedLookup(new AddressSet(forbidden), names),
    })
    socket.on('error', reject)
    socket.on('connect', () => {
      resolve(socket.remoteAddress ?? '')
      socket.destroy()
    })
  })
}

test('an address that does not answer is passed over, whatever its family', async () => {
  const server = await listening('127.0.0.1')
  const { port } = server.address() as AddressInfo
  expect(await connect(port, v4('127.0.0.2', '127.0.0.3', '127.0.0.1'), [])).toBe('127.0.0.1')
  expect(await connect(port, [{ address: '::1', family: 6 }, ...v4('127.0.0.1')], [])).toBe('127.0.0.1')
  server.close()
})

test.each([
  ['the first', v4('127.0.0.9', '127.0.0.1')],
  ['the last', v4('127.0.0.1', '127.0.0.9')],
])('one address that is forbidden forbids the name: %s', async (_, addresses) => {
  let accepted = 0
  const server = await listening('127.0.0.1')
  server.on('connection', () => accepted++)
  const { port } = server.address() as AddressInfo
  await expect(connect(port, addresses, ['127.0.0.9'])).rejects.toMatchObject({ code: FORBIDDEN })
  await expect(connect(port, addresses, ['127.0.0.9'])).rejects.toMatchObject({ code: FORBIDDEN })
  expect(accepted).toBe(0)
  server.close()
})

test('what is kept is judged again by whoever has another list', async () => {
  const names = new NameCache({ resolve: (_, answer) => answer(null, v4('127.0.0.1')) })
  const look = (forbidden: string[]) =>
    new Promise((resolve) =>
      guardedLookup(new AddressSet(forbidden), names)('backend.example', { all: true }, (error) =>
        resolve(error?.code),
      ),
    )
  expect(await look([])).toBeUndefined()
  expect(await look(['127.0.0.0/8'])).toBe(FORBIDDEN)
})
