/**
 * Connections that stay open after one request on each: `npx tsx bench/idle-load.ts PORT COUNT`. Prints `open` when all
 * are there, and how many were closed by the other side when its standard input ends.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [port = '', count = ''] = process.argv.slice(2)
/** Addresses to come from: one of them may have only so many connections. */
const ADDRESSES = 10
const AT_ONCE = 100

const sockets: Socket[] = []
let closed = 0

async function open(index: number): Promise<void> {
  const localAddress = `127.0.0.${1 + (index % ADDRESSES)}`
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress })
  socket.on('error', () => undefined)
  socket.on('close', () => closed++)
  sockets.push(socket)
  await once(socket, 'connect')
  socket.write(`GET /orders/1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  let reply = ''
  while (!/\r\n\r\n[^]{1024}/.test(reply)) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    reply += bytes.toString('latin1')
  }
  if (!reply.startsWith('HTTP/1.1 200')) throw new Error(reply)
}

for (let from = 0; from < Number(count); from += AT_ONCE) {
  const some = Math.min(AT_ONCE, Number(count) - from)
  await Promise.all(Array.from({ length: some }, (_, index) => open(from + index)))
}
console.log('open')
process.stdin.resume()
await once(process.stdin, 'end')
console.log(closed)
process.exit()
