/**
 * WebSocket messages of 100 bytes and their echoes, one under way on each connection. Runs as a process of its own on the
 * other core: `npx tsx bench/echo-load.ts PORT PATH CONNECTIONS SECONDS` prints figures as JSON, milliseconds.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [port = '', path = '/', connections = '', seconds = ''] = process.argv.slice(2)
const SIZE = 100
/** Masked with zeros, which is not to be told from any other key by what relays it. */
const message = Buffer.concat([Buffer.of(0x82, 0x80 | SIZE, 0, 0, 0, 0), Buffer.alloc(SIZE, 'x')])
const ECHO = 2 + SIZE

const sockets: Socket[] = []
for (let i = 0; i < Number(connections); i++) sockets.push(await upgraded())

const latencies: number[] = []
const startedAt = performance.now()
const endsAt = startedAt + Number(seconds) * 1000
await Promise.all(sockets.map((socket) => exchange(socket)))
const spent = (performance.now() - startedAt) / 1000
for (const socket of sockets) socket.destroy()
latencies.sort((a, b) => a - b)
const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? NaN
const requests = latencies.length
console.log(JSON.stringify({ requests, perSecond: requests / spent, p50: at(0.5), p99: at(0.99) }))

async function upgraded(): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1')
  socket.setNoDelay(true)
  await once(socket, 'connect')
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  let head = ''
  while (!head.endsWith('\r\n\r\n')) {
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    head += bytes.toString('latin1')
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(head)
  }
  return socket
}

function exchange(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0
    let sentAt = performance.now()
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed')))
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length
      if (received < ECHO) return
      if (received > ECHO || bytes.at(-1) !== 0x78) reject(new Error('this is not what was sent'))
      received = 0
      const now = performance.now()
      latencies.push(now - sentAt)
      if (now > endsAt) {
        resolve()
        return
      }
      sentAt = now
      socket.write(message)
    })
    socket.write(message)
  })
}
