import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { testEngine } from '../../../test/raw-engine.js'
import { Batch } from './batch.js'
import { Loan, POOLED_LEAST, PooledBuffer } from './pooled-buffer.js'

test('a buffer has one holder, however often it is released', () => {
  const first = PooledBuffer.take()
  first.release()
  first.release()
  const [second, third] = [PooledBuffer.take(), PooledBuffer.take()]
  expect(second).toBe(first)
  expect(third).not.toBe(first)
  // What the first holder kept is of no use any more: the buffer is the second's.
  expect(second.lent).toBe(false)
})

test('what is lent is released by whoever returns it', () => {
  const buffer = PooledBuffer.take()
  const loan = buffer.lend(10, 30).from(5)
  expect(buffer.lent).toBe(true)
  expect(loan.length).toBe(15)
  expect(PooledBuffer.take()).not.toBe(buffer)
  loan.returned()
  expect(PooledBuffer.take()).toBe(buffer)
})

test('a buffer is lent once: what else is read from it is copied', () => {
  const source = PooledBuffer.take()
  source.bytes.fill('a')
  const pieces = [new Batch(), new Batch()].map((batch) => {
    batch.begin('', POOLED_LEAST, 'plain', source)
    batch.data(source.bytes, 0, POOLED_LEAST)
    return batch.take()
  })
  const [lent, copied] = pieces.map((piece) => (piece instanceof Loan ? piece.bytes : undefined))
  expect(lent?.buffer).toBe(source.bytes.buffer)
  expect(copied?.buffer).not.toBe(source.bytes.buffer)
  expect(copied).toEqual(lent)
})

const SIZE = 1024 * 1024

/** Echoes by pieces, whenever it has taken one. */
async function echo() {
  const server = createServer((incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-length': incoming.headers['content-length'] })
    incoming.pipe(outgoing)
    incoming.on('error', () => outgoing.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Sends a body of its own and reads what comes back; stops now and then, and for good after `patience` bytes. */
function exchange(port: number, patience: number): Promise<boolean> {
  const body = randomBytes(SIZE)
  return new Promise((resolve, reject) => {
    const call = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': SIZE } })
    call.on('error', (error) => (patience < SIZE ? resolve(true) : reject(error)))
    call.on('response', (reply) => {
      const received = createHash('sha256')
      let size = 0
      reply.on('data', (bytes: Buffer) => {
        received.update(bytes)
        size += bytes.length
        if (size >= patience) {
          resolve(true)
          call.destroy()
          return
        }
        reply.pause()
        void turn().then(() => reply.resume())
      })
      reply.on('error', reject)
      reply.on('end', () => resolve(received.digest('hex') === createHash('sha256').update(body).digest('hex')))
    })
    call.end(body)
  })
}

test('bodies that pass at the same time are not mixed up, nor by those that are cut', async () => {
  const backend = await echo()
  await using gateway = await testEngine((backend.address() as AddressInfo).port)
  const calls = Array.from({ length: 12 }, (_, n) => exchange(gateway.port, n % 3 === 0 ? SIZE / 2 : Infinity))
  expect(await Promise.all(calls)).toEqual(calls.map(() => true))
  backend.close()
  backend.closeAllConnections()
})
