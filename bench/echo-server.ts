/**
 * Sends WebSocket messages back as they came, and does no more than the benchmark's own messages need: whole frames of
 * up to 125 bytes. Any other request is answered when its body is there. `npx tsx bench/echo-server.ts PORT`
 */
import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MASKED = 0x80

createServer((socket) => {
  let head = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  const shake = (bytes: Buffer): void => {
    head += bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    socket.off('data', shake)
    const key = /\r\nsec-websocket-key: *([^\r]+)/i.exec(head)?.[1]
    if (key === undefined) {
      take(socket, head.length - end, Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0))
      return
    }
    const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
    echo(socket)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  }
  socket.on('data', shake)
}).listen(Number(process.argv[2]), '127.0.0.1')

function take(socket: Socket, taken: number, length: number): void {
  let received = taken
  const answer = (): void => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  if (received >= length) answer()
  else socket.on('data', (bytes: Buffer) => (received += bytes.length) >= length && answer())
}

function echo(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    let pending = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const replies: Buffer[] = []
    for (;;) {
      const length = (pending[1] ?? 0) & ~MASKED
      if (pending.length < 2 || pending.length < 6 + length) break
      const reply = Buffer.allocUnsafe(2 + length)
      reply[0] = pending[0] ?? 0
      reply[1] = length
      for (let at = 0; at < length; at++) reply[2 + at] = (pending[6 + at] ?? 0) ^ (pending[2 + (at & 3)] ?? 0)
      replies.push(reply)
      pending = pending.subarray(6 + length)
    }
    rest = pending
    if (replies.length > 0) socket.write(replies.length === 1 ? (replies[0] ?? rest) : Buffer.concat(replies))
  })
}
