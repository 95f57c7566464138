import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const [port, backend, socket] = process.argv.slice(2)
const server = fastify({ bodyLimit: 16 * 1024 * 1024, keepAliveTimeout: 600_000 })
await server.register(proxy, {
  upstream: `http://127.0.0.1:${socket}`,
  prefix: '/socket',
  rewritePrefix: '/socket',
  websocket: true,
})
await server.register(proxy, { upstream: `http://127.0.0.1:${backend}`, undici: { connections: 128 } })
await server.listen({ port: Number(port), host: '127.0.0.1' })
