/**
 * Requests at a fixed rate, whatever the answers take: a slow proxy does not slow its load down. A request that finds no
 * free connection waits, and its waiting counts. Runs as a process of its own on the other core:
 * `npx tsx bench/open-loop.ts PORT PATH RATE SECONDS [header…]` prints `{"p50":…,"p99":…,"requests":…}`, milliseconds.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const [port = '', path = '/', rate = '', seconds = '', ...headers] = process.argv.slice(2)
const message = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`
const CONNECTIONS = 64

const latencies: number[] = []
const waiting: number[] = []
const free: Socket[] = []

/** Every reply of the benchmark's scenario is a head with a length and a short body. */
function serve(socket: Socket): void {
  let dueAt = 0
  let received = ''
  socket.setNoDelay(true)
  socket.on('error', fail).on('close', () => fail(new Error('the proxy closed a connection')))
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1')
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, end))?.[1])
    if (!/^HTTP\/1.1 200/.test(received) || Number.isNaN(length)) fail(new Error(received.slice(0, end)))
    if (received.length < end + 4 + length) return
    received = ''
    latencies.push(performance.now() - dueAt)
    const next = waiting.shift()
    if (next === undefined) free.push(socket)
    else send(next)
  })
  const send = (due: number): void => {
    dueAt = due
    socket.write(message)
  }
  senders.set(socket, send)
  free.push(socket)
}

function fail(error: Error): void {
  console.error(error.message)
  process.exit(1)
}

const senders = new Map<Socket, (due: number) => void>()
for (let i = 0; i < CONNECTIONS; i++) {
  const socket = connect(Number(port), '127.0.0.1')
  await once(socket, 'connect')
  serve(socket)
}

const total = Number(rate) * Number(seconds)
const startedAt = performance.now()
let sent = 0
const pace = setInterval(() => {
  // The client's own timer is late by up to a millisecond: what is due counts from now, when it can be sent at all.
  const now = performance.now()
  const due = Math.min(total, Math.floor(((now - startedAt) * Number(rate)) / 1000))
  for (; sent < due; sent++) {
    const socket = free.pop()
    if (socket === undefined) waiting.push(now)
    else senders.get(socket)?.(now)
  }
  if (latencies.length < total && now - startedAt < Number(seconds) * 1000 + 5_000) return
  clearInterval(pace)
  latencies.sort((a, b) => a - b)
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? NaN
  console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), requests: latencies.length }))
  process.exit()
}, 1)
