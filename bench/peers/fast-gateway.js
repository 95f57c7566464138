import gateway from 'fast-gateway'

const [port, backend] = process.argv.slice(2)
const server = gateway({ routes: [{ prefix: '', prefixRewrite: '', target: `http://127.0.0.1:${backend}` }] })
await server.start(Number(port), '127.0.0.1')
