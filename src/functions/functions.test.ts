import { expect, test, vi } from 'vitest'
import { functionsFolder, urnOf, type FunctionsFolder } from '../../test/functions-folder.js'
import { FolderFunctions, type FolderOptions } from './folder-functions.js'
import type { FunctionAnswer, FunctionCall } from './functions.js'
import { parseFunctionUrn } from './urn.js'

interface Stage extends AsyncDisposable {
  readonly folder: FunctionsFolder
  readonly functions: FolderFunctions
  readonly lines: string[]
  call(name: string, event?: unknown, options?: Partial<FunctionCall>): Promise<FunctionAnswer>
  /** What it returned. */
  value(name: string, event?: unknown): Promise<unknown>
}

function stage(files: Readonly<Record<string, string>>, options: Partial<FolderOptions> = {}): Stage {
  const folder = functionsFolder(files)
  const lines: string[] = []
  const functions = new FolderFunctions({
    directory: folder.directory,
    checkEvery: 0,
    onLine: (name, line) => lines.push(`${name}: ${line}`),
    ...options,
  })
  const call: Stage['call'] = (name, event = {}, given = {}) => {
    const address = parseFunctionUrn(name.startsWith('urn:') ? name : urnOf(name))
    if (address === undefined) throw new Error(`${name} names no function`)
    const asked = { address, event: JSON.stringify(event), requestId: 'r1', timeout: 20_000, mostBytes: 1_000_000 }
    return functions.invoke({ ...asked, ...given })
  }
  return {
    folder,
    functions,
    lines,
    call,
    value: async (name, event) => {
      const answer = await call(name, event)
      return typeof answer === 'string' ? answer : (JSON.parse(answer.text) as unknown)
    },
    [Symbol.asyncDispose]: async () => {
      await functions.close(0)
      folder[Symbol.dispose]()
    },
  }
}

test('a handler returns, promises or calls back; JavaScript, TypeScript, both kinds of modules', async () => {
  await using here = stage({
    'default/returns.js': 'exports.handler = (event) => ({ got: event.a })',
    'default/promises.mjs': 'export const handler = async (event) => ({ got: event.a })',
    'default/calls.cjs':
      'exports.handler = (event, context, callback) => setTimeout(callback, 1, null, { got: event.a })',
    'default/typed/index.ts':
      "import { twice, Kind } from './lib/twice'\nexport const handler = async (event: { a: number }): Promise<object> => ({ got: twice(event.a) / 2 + Kind.None })",
    'default/typed/lib/twice.ts': 'export enum Kind { None }\nexport const twice = (n: number): number => n * 2',
    'default/inside.ts': 'export default { handler: (event: { a: number }) => ({ got: event.a }) }',
    // A package.json above says what plain files are; functions are what they are.
    'package.json': '{"type":"module"}',
    'default/text.js': 'exports.handler = () => "{\\"as\\":\\"it is\\"}"',
    'default/nothing.js': 'exports.handler = () => {}',
    'default/fails.js': 'exports.handler = (event, context, callback) => callback("no")',
    'default/throws.js': 'exports.handler = async () => { throw new Error("secret") }',
    'default/nohandler.js': 'exports.other = 1',
    'default/syntax.ts': 'export const handler = (((',
    'default/loops.js': 'exports.handler = () => { const a = {}; a.a = a; return a }',
  })
  for (const name of ['returns', 'promises', 'calls', 'typed', 'inside'])
    expect([name, await here.value(name, { a: 7 })]).toEqual([name, { got: 7 }])
  expect(await here.call('text')).toEqual({ text: '{"as":"it is"}' })
  expect(await here.call('nothing')).toEqual({ text: 'null' })
  for (const name of ['fails', 'throws', 'nohandler', 'syntax', 'loops'])
    expect([name, await here.call(name)]).toEqual([name, 'failed'])
  expect(here.lines.join('\n')).toMatch(/default\/throws: Error: secret[^]*default\/syntax: /)
})

test('the context says what FunctionGraph says of a call', async () => {
  await using here = stage({
    'default/asks/index.js': `exports.handler = (event, c) => [c.getRequestID(), c.getFunctionName(), c.getPackage(),
      c.getVersion(), c.getAlias(), c.getUserData('a'), c.getUserData('toString'), c.getMemorySize(),
      c.getRemainingTimeInMilliSeconds() <= 20000, c.getRunningTimeInSeconds() >= 0, c.getProjectID(), c.getToken()]`,
    'default/asks/function.json': '{"user_data":{"a":"b"},"memory_size":64,"aliases":{"now":"latest"}}',
  })
  const asked = ['r1', 'asks', 'default', 'latest', '', 'b', '', 64, true, true, 'p1', '']
  expect(await here.value('asks')).toEqual(asked)
  expect(await here.value('asks:!now')).toEqual(asked.with(4, 'now'))
})

test('versions and aliases are found; what leads out of the folder is no function', async () => {
  const says = (word: string) => `exports.handler = () => '"${word}"'`
  await using here = stage({
    'default/f/index.js': says('latest'),
    'default/f/function.json': '{"aliases":{"prod":"v1","gone":"v9","out":"../../x"}}',
    'default/f/versions/v1/index.js': says('one'),
    'default/f/versions/v1.2/main.js': `exports.go = () => '"one two"'`,
    'default/f/versions/v1.2/function.json': '{"handler":"main.go"}',
    'other/f.js': says('other package'),
  })
  for (const [name, expected] of [
    ['f', 'latest'],
    ['f:latest', 'latest'],
    ['f:v1', 'one'],
    ['f:!prod', 'one'],
    ['f:v1.2', 'one two'],
    ['urn:fss:elsewhere:anyone:function:other:f:latest', 'other package'],
    ['f:v2', 'unknown'],
    ['f:!gone', 'unknown'],
    ['f:!out', 'unknown'],
    ['f:!toString', 'unknown'],
    ['g', 'unknown'],
  ] as const)
    expect([name, await here.value(name)]).toEqual([name, expected])
  await using broken = stage({ 'default/f/index.js': says('x'), 'default/f/function.json': '{"memory":1}' })
  expect(await broken.call('f')).toBe('failed')
  expect(broken.lines.join()).toContain('function.json')
})

test('a change counts from the next call on, of any file; a broken one fails until it is repaired', async () => {
  await using here = stage({
    'default/f/index.js': "module.exports.handler = () => require('./word').word",
    'default/f/word.js': "exports.word = '1'",
  })
  expect(await here.value('f')).toBe(1)
  here.folder.write('default/f/word.js', "exports.word = '22'")
  expect(await here.value('f')).toBe(22)
  here.folder.write('default/f/word.js', '(((')
  expect([await here.call('f'), await here.call('f')]).toEqual(['failed', 'failed'])
  expect(here.lines).toHaveLength(1)
  here.folder.write('default/f/word.js', "exports.word = '333'")
  expect(await here.value('f')).toBe(333)
  here.folder.write('default/new.js', 'exports.handler = () => 4')
  expect(await here.value('new')).toBe(4)
})

test('what runs when its code is replaced ends as it began', async () => {
  await using here = stage({
    'default/f.js': `exports.handler = () => {
      console.log('begun')
      return new Promise((resolve) => setTimeout(resolve, 300, '"old"'))
    }`,
  })
  const before = here.value('f')
  await expect.poll(() => here.lines.join()).toContain('begun')
  here.folder.write('default/f.js', 'exports.handler = () => \'"new"\'')
  expect([await here.value('f'), await before]).toEqual(['new', 'old'])
})

test('a function that hangs, computes for ever, ends itself or takes all memory harms no other call', async () => {
  await using here = stage(
    {
      'default/f.js': `exports.handler = (event) => {
        if (event.do === 'hang') return new Promise(() => {})
        if (event.do === 'spin') for (;;);
        if (event.do === 'exit') process.exit(0)
        if (event.do === 'throw') return new Promise(() => setTimeout(() => { throw new Error('late') }))
        if (event.do === 'reject') { Promise.reject(new Error('nobody looks')); return new Promise(() => {}) }
        if (event.do === 'eat') { const all = []; for (;;) all.push(new Array(1000).fill({ a: 1 })) }
        if (event.do === 'answer') return 'x'.repeat(event.length)
        if (event.do === 'forge') require('fs').writeSync(3, Buffer.from([0, 0, 0, 2, 123, 10]))
        return 'fine'
      }`,
      'default/small/index.js': 'exports.handler = () => new Array(1e7).fill(0).map((_, i) => ({ i }))',
      'default/small/function.json': '{"memory_size":16}',
      'default/short/index.js': 'exports.handler = () => new Promise(() => {})',
      'default/short/function.json': '{"timeout":0.05}',
    },
    { memory: 32 },
  )
  for (const [act, expected] of [
    ['hang', 'timeout'],
    ['spin', 'timeout'],
    ['exit', 'failed'],
    ['throw', 'failed'],
    ['reject', 'failed'],
    ['eat', 'failed'],
  ] as const) {
    const timeout = expected === 'timeout' ? 300 : 30_000
    expect([act, await here.call('f', { do: act }, { timeout })]).toEqual([act, expected])
    expect([act, await here.call('f')]).toEqual([act, { text: 'fine' }])
  }
  expect([await here.call('f', { do: 'forge' }), await here.call('f')]).toEqual(['failed', { text: 'fine' }])
  expect(await here.call('f', { do: 'answer', length: 1_000_001 })).toBe('too-large')
  expect(await here.call('f', { do: 'answer', length: 1_000_000 })).toMatchObject({ text: expect.any(String) })
  expect(await here.call('small')).toBe('failed')
  expect(await here.call('short')).toBe('timeout')
})

test('calls share processes: so many at once, so many waiting, one process for all in a row', async () => {
  await using here = stage(
    {
      'default/counts.js': 'let n = 0; exports.handler = () => String(++n)',
      'default/waits.js': 'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 200, 1))',
      'default/other.js': 'exports.handler = () => 2',
    },
    { processes: 2, mostWaiting: 3 },
  )
  expect([await here.value('counts'), await here.value('counts')]).toEqual([1, 2])
  // One process for each function, so one runs and three wait.
  const answers = await Promise.all(Array.from({ length: 6 }, () => here.value('waits')))
  expect(answers.toSorted()).toEqual([1, 1, 1, 1, 'overloaded', 'overloaded'])
  // The third function gets the place of one that has nothing to do.
  expect(await here.value('other')).toBe(2)
  // What waits too long has not been run.
  const late = [here.call('waits', {}, { timeout: 5_000 }), here.call('waits', {}, { timeout: 20 })]
  expect(await Promise.all(late)).toEqual([{ text: '1' }, 'timeout'])
})

test('processes with nothing to do end', async () => {
  await using here = stage({ 'default/counts.js': 'let n = 0; exports.handler = () => String(++n)' }, { keepFor: 20 })
  expect(await here.value('counts')).toBe(1)
  await vi.waitUntil(
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return (await here.value('counts')) === 1
    },
    { timeout: 30_000 },
  )
})

test('what is queued is run, and waited for when the gateway ends', async () => {
  const here = stage({
    'default/slow.js':
      "exports.handler = async (event) => { await new Promise((r) => setTimeout(r, 100)); console.log('did', event.n) }",
  })
  const address = parseFunctionUrn(urnOf('slow'))
  if (address === undefined) throw new Error('it is one')
  const call = { address, requestId: 'r', timeout: 1, mostBytes: 1_000 }
  for (const n of [1, 2, 3]) expect(await here.functions.enqueue({ ...call, event: `{"n":${n}}` })).toBe('accepted')
  await here.functions.close(20_000)
  await vi.waitUntil(() => here.lines.filter((line) => line.includes('did')).length === 3)
  expect(here.lines.toSorted()).toEqual(['default/slow: did 1', 'default/slow: did 2', 'default/slow: did 3'])
  await here[Symbol.asyncDispose]()
})

test('functions do not see the environment of the gateway', async () => {
  vi.stubEnv('SLUICE_SECRET_KEY', 'secret')
  await using here = stage({ 'default/env.js': 'exports.handler = () => Object.keys(process.env)' })
  expect(await here.value('env')).not.toContain('SLUICE_SECRET_KEY')
  vi.unstubAllEnvs()
})
