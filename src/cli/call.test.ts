import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import { Command, CommanderError } from 'commander'
import { expect, test } from 'vitest'
import { parseAuthorization } from '../signing/authorization-header.js'
import { bodyHash, gatewayRules, verifySignature } from '../signing/verify.js'
import { registerCall } from './call.js'
import { registerSign } from './sign.js'

const secrets: Readonly<Record<string, string>> = { AK: 'admin secret', 'app-1': 'app-secret-1' }

interface Seen {
  readonly method: string
  readonly url: string
  readonly host: string
  readonly contentType: string | undefined
  readonly body: string
  /** Access key and result of the check. */
  readonly signature: string
}

type Answer = (response: ServerResponse) => void
const json =
  (status: number, body: unknown): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

/** A server that checks signatures, a data directory with credentials for it, and the commands. */
async function world({
  answer = json(200, { ok: true }),
  terminal = false,
}: { answer?: Answer; terminal?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'))
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      seen.push(look(request, body))
      answer(response)
    })
  })
  const endpoint = await listen(server)
  writeFileSync(
    join(directory, 'credentials.json'),
    JSON.stringify({ endpoint, project_id: 'p1', access_key: 'AK', secret_key: secrets['AK'], instance_id: 'i1' }),
  )

  const run = async (args: string[], input = '', environment: Record<string, string> = {}) => {
    let output = ''
    let errors = ''
    let exitCode = 0
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString()
        done()
      },
    })
    const fake = {
      environment: { SLUICE_DATA_DIR: directory, ...environment },
      directory,
      input: Readable.from(input === '' ? [] : [Buffer.from(input)]),
      output: Object.assign(sink, { isTTY: terminal }),
      exitWith: (code: number) => (exitCode = code),
    }
    const program = new Command('sluice')
      .exitOverride()
      .configureOutput({ writeErr: (text) => (errors += text), writeOut: (text) => (output += text) })
    registerCall(program, fake)
    registerSign(program, fake)
    try {
      await program.parseAsync(args, { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      exitCode = error.exitCode
    }
    return { output, errors, exitCode }
  }

  return {
    directory,
    endpoint,
    seen,
    run,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
      rmSync(directory, { recursive: true })
    },
  }
}

function look(request: IncomingMessage, body: Buffer): Seen {
  const url = request.url ?? ''
  const [path = ''] = url.split('?', 1)
  const query = url.slice(path.length + 1)
  const headers = request.headersDistinct
  const authorization = parseAuthorization(request.headers.authorization ?? '')
  const verdict =
    authorization &&
    verifySignature(
      {
        method: request.method ?? '',
        path,
        query,
        header: (name) => headers[name]?.[0],
        headers: (name) => headers[name] ?? [],
      },
      authorization,
      secrets[authorization.accessKey] ?? '',
      bodyHash(body),
      gatewayRules,
    )
  return {
    method: request.method ?? '',
    url,
    host: request.headers.host ?? '',
    contentType: request.headers['content-type'],
    body: body.toString(),
    signature: `${authorization?.accessKey ?? 'nobody'}: ${verdict ?? 'malformed'}`,
  }
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

test('a call to a collection of the first instance, with the credentials of the data directory', async () => {
  await using cli = await world({ answer: json(200, { total: 0, apps: [] }) })

  const { output, exitCode } = await cli.run(['call', 'get', 'apps', '-q', 'name=a b', '--query', 'limit=5'])

  expect([output, exitCode]).toEqual(['{"total":0,"apps":[]}', 0])
  expect(cli.seen).toEqual([
    {
      method: 'GET',
      url: '/v2/p1/apigw/instances/i1/apps?name=a%20b&limit=5',
      host: cli.endpoint.slice('http://'.length),
      contentType: undefined,
      body: '',
      signature: 'AK: ok',
    },
  ])
})

test('a path in full, with placeholders, escapes, a query and characters that must be escaped', async () => {
  await using cli = await world()
  for (const path of ['/v2/{project_id}/apigw/instances/{instance_id}', '/a%20b/ä c//../x?q=ü&r=%41&s', '/?a=1?b'])
    await cli.run(['call', 'GET', path])
  expect(cli.seen.map(({ url, signature }) => [url, signature])).toEqual([
    ['/v2/p1/apigw/instances/i1', 'AK: ok'],
    ['/a%20b/%C3%A4%20c//../x?q=%C3%BC&r=%41&s', 'AK: ok'],
    ['/?a=1?b', 'AK: ok'],
  ])
})

test('a body from the argument, a file or standard input, on any method, signed as it is', async () => {
  await using cli = await world()
  writeFileSync(join(cli.directory, 'body.json'), '{"from":"file"}\n')
  await cli.run(['call', 'POST', 'apps', '--data', '{"from":"ärgument"}'])
  await cli.run(['call', 'PUT', 'apps/1', '-d', '@body.json'])
  await cli.run(['call', 'GET', 'apps', '-d', '-'], '{"from":"input"}')
  await cli.run(['call', 'DELETE', 'apps/1', '-d', 'text', '-H', 'Content-Type: text/plain'])
  expect(cli.seen.map(({ method, body, contentType, signature }) => [method, body, contentType, signature])).toEqual([
    ['POST', '{"from":"ärgument"}', 'application/json', 'AK: ok'],
    ['PUT', '{"from":"file"}\n', 'application/json', 'AK: ok'],
    ['GET', '{"from":"input"}', 'application/json', 'AK: ok'],
    ['DELETE', 'text', 'text/plain', 'AK: ok'],
  ])
})

test('a form with a file, as imports take it', async () => {
  await using cli = await world()
  writeFileSync(join(cli.directory, 'orders.yaml'), 'swagger: "2.0"\n')
  await cli.run(['call', 'POST', 'openapi/import', '-F', 'note=a=b ü', '--form', 'file_name=@orders.yaml'])
  const [seen] = cli.seen
  expect(seen?.signature).toBe('AK: ok')
  const [, boundary = 'none'] = /^multipart\/form-data; boundary=(\S+)$/.exec(seen?.contentType ?? '') ?? []
  expect(seen?.body.replaceAll(boundary, 'B').trimEnd().split('\r\n')).toEqual([
    '--B',
    'Content-Disposition: form-data; name="note"',
    '',
    'a=b ü',
    '--B',
    'Content-Disposition: form-data; name="file_name"; filename="orders.yaml"',
    'Content-Type: application/octet-stream',
    '',
    'swagger: "2.0"\n',
    '--B--',
  ])
  for (const wrong of [
    ['-F', 'name'],
    ['-F', '=value'],
    ['-F', 'a=b', '-d', '{}'],
  ])
    expect((await cli.run(['call', 'POST', 'x', ...wrong])).exitCode).toBe(2)
  expect((await cli.run(['call', 'POST', 'x', '-F', 'a=@absent'])).exitCode).toBe(1)
  expect(cli.seen).toHaveLength(1)
})

test('an app calls the gateway: its key signs, the Host may be another', async () => {
  await using cli = await world()
  const app = ['--app-key', 'app-1', '--app-secret', 'app-secret-1']
  writeFileSync(join(cli.directory, 'secret'), 'app-secret-1\n')
  const { port } = new URL(cli.endpoint)

  await cli.run(['call', 'GET', '/orders', '--endpoint', cli.endpoint, '-H', 'Host: shop.test', ...app])
  await cli.run(['call', 'GET', `http://g1.apic.localhost:${port}/orders`, ...app])
  await cli.run(['call', 'GET', `http://g1.apic.localhost:${port}`, '--app-key', 'app-1', '--app-secret', '@secret'])
  await cli.run(['call', 'GET', '/orders', ...app], '', { SLUICE_HTTP_LISTEN: `0.0.0.0:${port}` })

  expect(cli.seen.map(({ url, host, signature }) => [url, host, signature])).toEqual([
    ['/orders', 'shop.test', 'app-1: ok'],
    ['/orders', `g1.apic.localhost:${port}`, 'app-1: ok'],
    ['/', `g1.apic.localhost:${port}`, 'app-1: ok'],
    ['/orders', `127.0.0.1:${port}`, 'app-1: ok'],
  ])
})

test('a prefix of the endpoint is part of the path', async () => {
  await using cli = await world()
  await cli.run(['call', 'GET', '/v2/x', '--endpoint', cli.endpoint + '/hwc/'])
  expect(cli.seen).toMatchObject([{ url: '/hwc/v2/x', signature: 'AK: ok' }])
})

test('a person gets the JSON readable, and the status where there is no body', async () => {
  await using cli = await world({ terminal: true })
  expect((await cli.run(['call', 'GET', 'apps'])).output).toBe('{\n  "ok": true\n}\n')
  await using empty = await world({ terminal: true, answer: (response) => response.writeHead(204).end() })
  expect((await empty.run(['call', 'DELETE', 'apps/1'])).output).toBe('204 No Content\n')
  await using plain = await world({ terminal: true, answer: (response) => response.end('{"not":"JSON"') })
  expect((await plain.run(['call', 'GET', 'apps'])).output).toBe('{"not":"JSON"')
})

test('the status line and headers on demand; everything as one line of JSON for a script', async () => {
  await using cli = await world()
  const { output } = await cli.run(['call', 'GET', 'apps', '-i'])
  expect(output).toMatch(/^HTTP\/1\.1 200 OK\ncontent-type: application\/json\n(.+\n)+\n\{"ok":true\}$/)
  const line = (await cli.run(['call', 'GET', 'apps', '--json'])).output
  expect(JSON.parse(line)).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { ok: true },
  })
  expect(line.endsWith('}\n')).toBe(true)
})

test.each([
  [399, 0],
  [400, 1],
  [503, 1],
])('a reply of %i: exit code %i, and the body is printed', async (status, code) => {
  await using cli = await world({ answer: json(status, { error_code: 'APIG.2000' }) })
  expect(await cli.run(['call', 'GET', 'apps'])).toEqual({
    output: '{"error_code":"APIG.2000"}',
    errors: '',
    exitCode: code,
  })
})

test.each([
  [['call', 'G T', 'apps'], 'G T is no HTTP method'],
  [['call', 'GET'], "missing required argument 'path'"],
  [['call', 'GET', 'apps', '-H', 'nonsense'], 'nonsense is no header'],
  [['call', 'GET', 'apps', '-H', 'A: b\r\nC: d'], 'is no header'],
  [['call', 'GET', 'apps', '-q', 'nonsense'], 'nonsense is no query parameter'],
  [['call', 'GET', 'apps', '--endpoint', 'ftp://x'], 'ftp://x is no http or https URL'],
  [['call', 'GET', '/x', '--app-key', 'k'], '--app-key and --app-secret belong together'],
  [['call', 'GET', 'apps', '--app-key', 'k', '--app-secret', 's'], 'the path starts with /'],
])('%j is wrong usage', async (args, message) => {
  await using cli = await world()
  const { errors, output, exitCode } = await cli.run(args)
  expect(errors).toContain(message)
  expect(output).toBe('')
  // The parser's own complaints get their code from the program that the commands belong to.
  if (!message.startsWith('missing')) expect(exitCode).toBe(2)
  expect(cli.seen).toEqual([])
})

test.each([
  ['no file', ['--credentials', 'nowhere.json'], 'cannot read the credentials'],
  ['no JSON', ['--credentials', 'broken.json'], 'is not JSON'],
  ['no keys', ['--credentials', 'empty.json'], 'has no valid endpoint, project_id, access_key, secret_key'],
  ['no body', ['--data', '@nowhere'], 'cannot read nowhere'],
])('%s: one line, exit code 1', async (_, args, message) => {
  await using cli = await world()
  writeFileSync(join(cli.directory, 'broken.json'), '{')
  writeFileSync(join(cli.directory, 'empty.json'), '{}')
  const { errors, exitCode } = await cli.run(['call', 'GET', 'apps', ...args])
  expect([errors.includes(message), errors.split('\n').length, exitCode]).toEqual([true, 2, 1])
})

test('nobody listens: one line that names the address, exit code 1', async () => {
  await using cli = await world()
  const closed = createServer()
  const address = await listen(closed)
  await new Promise((resolve) => closed.close(resolve))
  expect(await cli.run(['call', 'GET', '/x', '--endpoint', address])).toEqual({
    output: '',
    errors: `error: no reply from ${address}: ECONNREFUSED\n`,
    exitCode: 1,
  })
})

test('a wrong setting is named', async () => {
  await using cli = await world()
  const { errors, exitCode } = await cli.run(['call', 'GET', 'apps'], '', { SLUICE_WORKERS: 'many' })
  expect([errors.includes('SLUICE_WORKERS'), exitCode]).toEqual([true, 2])
})

test('sign prints the headers', async () => {
  await using cli = await world()
  const { output } = await cli.run(['sign', 'GET', 'apps', '-H', 'X-Sdk-Date: 20260131T101500Z', '-H', 'X-Stage: TEST'])
  expect(output.split('\n')).toEqual([
    `Host: ${cli.endpoint.slice('http://'.length)}`,
    'X-Sdk-Date: 20260131T101500Z',
    'X-Stage: TEST',
    expect.stringMatching(/^Authorization: SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date;x-stage, Sig/),
    '',
  ])
  expect(cli.seen).toEqual([])
})

test('sign prints everything as JSON', async () => {
  await using cli = await world()
  const { output } = await cli.run(['sign', 'POST', '/x?a=1', '--json', '-d', '{}'])
  expect(JSON.parse(output)).toMatchObject({
    method: 'POST',
    url: `${cli.endpoint}/x?a=1`,
    headers: { 'Content-Type': 'application/json', Authorization: expect.stringContaining('Access=AK') as string },
  })
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

test.skipIf(!hasCurl && process.env['CI'] === undefined)(
  'the curl command that sign prints is accepted by a shell and by the server',
  async () => {
    await using cli = await world()
    const body = `{"it's": "<a> $HOME \`x\`"}`
    for (const args of [
      ['POST', '/a/../b//{c}?q=it%27s&r=[1]', '-d', body],
      ['GET', 'apps', '-q', "name=it's $HOME", '-H', 'X-Empty:', '-H', "X-Quote: it's"],
      ['DELETE', 'apps/1'],
    ]) {
      const { output } = await cli.run(['sign', ...args, '--curl'])
      await promisify(execFile)('sh', ['-c', output], { cwd: cli.directory })
    }
    expect(cli.seen.map(({ method, url, body, signature }) => [method, url, body, signature])).toEqual([
      ['POST', '/a/../b//%7Bc%7D?q=it%27s&r=[1]', body, 'AK: ok'],
      ['GET', "/v2/p1/apigw/instances/i1/apps?name=it's%20%24HOME", '', 'AK: ok'],
      ['DELETE', '/v2/p1/apigw/instances/i1/apps/1', '', 'AK: ok'],
    ])
  },
)

test('a body that cannot stand in a command is refused', async () => {
  await using cli = await world()
  const { errors, exitCode } = await cli.run(['sign', 'POST', 'apps', '--curl', '-d', '-'], 'a\0b')
  expect([errors.includes('--data @file'), exitCode]).toEqual([true, 2])
})
