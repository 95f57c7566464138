/**
 * Memory of the engine: per idle connection, and while a gigabyte passes in either direction. Linux.
 * `npx tsx bench/sockets.ts [connections]`
 */
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { testEngine } from '../test/raw-engine.js'

const SIZE = 1024 ** 3
const PIECE = Buffer.alloc(64 * 1024, 'x')

if (process.send === undefined) await run(Number(process.argv[2] ?? 9_000))
else await serve(Number(process.argv[2]))

/** The process that is measured. */
async function serve(backendPort: number): Promise<void> {
  const options = { bodyLimit: 2 * SIZE, idleTimeout: 600_000 }
  const { port } = await testEngine(backendPort, {
    options,
    begin: ({ head }) => (head.path === '/own' ? { status: 200, headers: '', body: '' } : undefined),
  })
  process.send?.(port)
  process.on('disconnect', () => process.exit())
}

async function run(count: number): Promise<void> {
  const backend = createServer((incoming, outgoing) => {
    incoming.resume()
    incoming.on('end', () => {
      if (incoming.method === 'POST') return outgoing.end('taken')
      outgoing.writeHead(200, { 'Content-Length': SIZE })
      let left = SIZE
      const more = (): void => {
        while (left > 0) {
          left -= PIECE.length
          if (!outgoing.write(PIECE)) {
            outgoing.once('drain', more)
            return
          }
        }
        outgoing.end()
      }
      more()
      return undefined
    })
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const child = fork(import.meta.filename, [String((backend.address() as AddressInfo).port)])
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))))
  const memory = (name: 'VmRSS' | 'VmHWM'): number =>
    Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8'))?.[1])

  await download(port)
  console.log(`1 GB to the client: ${(memory('VmHWM') / 1024).toFixed(0)} MB at most`)
  await upload(port)
  console.log(`1 GB to the backend: ${(memory('VmHWM') / 1024).toFixed(0)} MB at most`)

  const before = memory('VmRSS')
  const sockets: net.Socket[] = []
  for (let i = 0; i < count; i++) sockets.push(await idle(port, `127.0.0.${1 + (i % 4)}`))
  const each = (memory('VmRSS') - before) / count
  console.log(`${count} idle connections: ${each.toFixed(1)} KB each`)
  for (const socket of sockets) socket.destroy()
  child.disconnect()
  backend.close()
}

function download(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ port, path: '/' }, (reply) => {
      let size = 0
      reply.on('data', (bytes: Buffer) => (size += bytes.length))
      reply.on('end', () => (size === SIZE ? resolve() : reject(new Error(`${size} bytes came`))))
    })
      .on('error', reject)
      .end()
  })
}

function upload(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': SIZE }
    const sent = request({ port, path: '/', method: 'POST', headers }, (reply) => reply.resume().on('end', resolve))
    sent.on('error', reject)
    let left = SIZE
    const more = (): void => {
      while (left > 0) {
        left -= PIECE.length
        if (!sent.write(PIECE)) {
          sent.once('drain', more)
          return
        }
      }
      sent.end()
    }
    more()
  })
}

/** A connection on which one request has been answered. */
function idle(port: number, localAddress: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress })
    socket.on('error', reject)
    socket.once('data', () => resolve(socket))
    socket.write('GET /own HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  })
}
