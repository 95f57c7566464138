import { EventEmitter, once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import fastify from 'fastify'
import { expect, test } from 'vitest'
import { closeWithin } from './close-within.js'

test('what is in flight is answered; a connection on which nothing was asked does not keep a server open', async () => {
  const app = fastify({ forceCloseConnections: 'idle' })
  const work = new EventEmitter()
  app.get('/', async () => {
    work.emit('begun')
    await once(work, 'done')
    return 'answer'
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const silent = net.connect(port, '127.0.0.1').on('error', () => undefined)
  await once(silent, 'connect')
  const begun = once(work, 'begun')
  const reply = fetch(`http://127.0.0.1:${port}/`)
  await begun

  const closed = closeWithin(300, app)
  work.emit('done')
  expect(await (await reply).text()).toBe('answer')
  const from = performance.now()
  await closed
  expect(performance.now() - from).toBeLessThan(5_000)
  expect(app.server.listening).toBe(false)
  silent.destroy()
})
