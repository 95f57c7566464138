import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { openVault, type Vault } from '../config/vault.js'
import { DiskCopy } from './disk-copy.js'
import type { AppPart, GroupPart, Update } from './parts.js'

const app: AppPart = {
  kind: 'app',
  id: 'a',
  instanceId: 'i',
  projectId: 'p',
  name: 'shop',
  key: 'k',
  secret: 'TOP-SECRET',
  codes: [],
  authorizations: [],
}
const group: GroupPart = {
  kind: 'group',
  id: 'g',
  instanceId: 'i',
  name: 'orders',
  isDefault: false,
  subDomains: [],
  subDomainEnabled: true,
}
const everything: Update = { revision: 3, reset: true, put: [app, group], remove: [] }

async function node() {
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-copy-'))
  const vault = openVault(dataDir)
  const warnings: { readonly reason?: string }[] = []
  const log = { info: () => undefined, warn: (details: object) => warnings.push(details) }
  return {
    dataDir,
    warnings,
    file: join(dataDir, 'gateway-configuration'),
    worker: (options: { vault?: Vault; delay?: number } = {}) => new DiskCopy({ dataDir, vault, log, ...options }),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  }
}

test('what was noted is loaded after a restart, and the stream can go on from there', async () => {
  await using here = await node()
  const worker = here.worker()
  worker.note('e', everything)
  worker.note('e', { revision: 5, reset: false, put: [{ ...group, name: 'renamed' }], remove: ['app:a'] })
  await worker.flush()

  const restarted = here.worker()
  expect(await restarted.load()).toEqual({
    revision: 5,
    reset: true,
    put: [{ ...group, name: 'renamed' }],
    remove: [],
  })
  expect(restarted.position).toEqual({ epoch: 'e', revision: 5 })
})

test('a change is written by itself, many changes together', async () => {
  await using here = await node()
  const seal = vi.fn<Vault['seal']>()
  const vault = openVault(here.dataDir)
  seal.mockImplementation((...given) => vault.seal(...given))
  const worker = here.worker({ vault: { ...vault, seal }, delay: 20 })
  for (let revision = 0; revision < 50; revision++) worker.note('e', { ...everything, revision })
  await expect.poll(() => readFile(here.file, 'utf8')).toMatch(/^sluice-configuration-2 e 49 /)
  expect(seal).toHaveBeenCalledTimes(1)
})

test('the file gives no secret away, and only its owner may read it', async () => {
  await using here = await node()
  const worker = here.worker()
  worker.note('e', everything)
  await worker.flush()
  expect(await readFile(here.file, 'utf8')).not.toMatch(/TOP-SECRET|orders/)
  expect((await stat(here.file)).mode & 0o777).toBe(0o600)
})

test('of several workers one writes, and a late one does not put an older configuration in its place', async () => {
  await using here = await node()
  const [first, second] = [here.worker(), here.worker()]
  first.note('e', { ...everything, revision: 7 })
  second.note('e', everything)
  await first.flush()
  const { ino } = await stat(here.file)
  await second.flush()
  expect((await stat(here.file)).ino).toBe(ino)
  second.note('another', everything)
  await second.flush()
  expect(await readFile(here.file, 'utf8')).toMatch(/^sluice-configuration-2 another 3 /)
})

test('many workers that write at once leave one whole file, and no other', async () => {
  await using here = await node()
  const workers = Array.from({ length: 8 }, () => here.worker())
  workers.forEach((worker, index) => worker.note(`e${index}`, everything))
  await Promise.all(workers.map((worker) => worker.flush()))
  expect(await here.worker().load()).toEqual(everything)
  // Those who found another one writing come again.
  for (const worker of workers) await worker.flush()
  expect((await readdir(here.dataDir)).sort()).toEqual(['gateway-configuration', 'secret.key'])
  expect(here.warnings).toEqual([])
})

const renamed = (revision: number, name: string): Update => ({
  revision,
  reset: false,
  put: [{ ...group, name }],
  remove: [],
})

test('a change is appended: what is there is not written again', async () => {
  await using here = await node()
  const worker = here.worker()
  worker.note('e', everything)
  await worker.flush()
  const base = await readFile(here.file, 'utf8')
  worker.note('e', renamed(4, 'first'))
  worker.note('e', { revision: 5, reset: false, put: [], remove: ['app:a'] })
  await worker.flush()
  worker.note('e', renamed(6, 'second'))
  await worker.flush()

  const now = await readFile(here.file, 'utf8')
  expect(now.startsWith(base)).toBe(true)
  expect(now.slice(base.length).replaceAll(/v1\.\S+/g, '…')).toBe('+ 3 5 …\n+ 5 6 …\n')
  expect(now).not.toMatch(/first|second|app:a/)
  expect(await here.worker().load()).toEqual({
    ...{ revision: 6, reset: true, remove: [] },
    put: [{ ...group, name: 'second' }],
  })
})

test('workers append what the others have not written, also when one starts from the file', async () => {
  await using here = await node()
  const [first, second] = [here.worker(), here.worker()]
  for (const worker of [first, second]) worker.note('e', everything)
  await first.flush()
  await second.flush()
  const late = here.worker()
  await late.load()
  for (const [revision, writer] of [second, late, first, late].entries()) {
    for (const worker of [first, second, late]) worker.note('e', renamed(4 + revision, `revision ${4 + revision}`))
    await writer.flush()
  }
  await Promise.all([first.flush(), second.flush(), late.flush()])
  expect((await readFile(here.file, 'utf8')).replaceAll(/v1\.\S+/g, '…').slice(256)).toBe(
    '…\n+ 3 4 …\n+ 3 5 …\n+ 3 6 …\n+ 5 7 …\n',
  )
  expect(await here.worker().load()).toMatchObject({ revision: 7, put: [app, { name: 'revision 7' }] })
  expect(here.warnings).toEqual([])
})

test('when as much was appended as there was, all is written anew, with what changes meanwhile', async () => {
  await using here = await node()
  const vault = openVault(here.dataDir)
  let whileSealing: (() => void) | undefined
  const seal: Vault['seal'] = (...given) => {
    whileSealing?.()
    return vault.seal(...given)
  }
  const worker = here.worker({ vault: { ...vault, seal } })
  worker.note('e', everything)
  // Larger than a slice: it is written in several turns.
  const large = (revision: number, id: string): Update => ({
    ...{ revision, reset: false, remove: [] },
    put: [{ ...app, id, name: 'x'.repeat(200_000) }],
  })
  worker.note('e', large(4, 'b'))
  worker.note('e', large(5, 'c'))
  await worker.flush()
  const { ino } = await stat(here.file)

  let revision = 5
  let during = 0
  whileSealing = () => {
    if (during++ === 1) worker.note('e', renamed(++revision, 'meanwhile'))
  }
  while ((await stat(here.file)).ino === ino && revision < 20) {
    during = 0
    worker.note('e', large(++revision, 'd'))
    await worker.flush()
  }
  whileSealing = undefined
  expect(revision).toBeLessThan(14)
  expect((await readFile(here.file, 'utf8')).replaceAll(/v1\.\S+/g, '…').slice(256)).toBe(
    `…\n…\n…\n+ ${revision - 1} ${revision} …\n`,
  )
  const loaded = await here.worker().load()
  expect(loaded).toMatchObject({ revision, put: { length: 5 } })
  expect(loaded?.put).toContainEqual({ ...group, name: 'meanwhile' })
})

test('a draft that a killed process left is removed; one that is being written is left alone', async () => {
  await using here = await node()
  const worker = here.worker()
  const [abandoned, alive] = [`${here.file}.1-aa`, `${here.file}.2-bb`]
  await writeFile(abandoned, '')
  await utimes(abandoned, 0, 0)
  await writeFile(alive, '')
  worker.note('e', everything)
  await worker.flush()
  expect((await readdir(here.dataDir)).sort()).toEqual(['gateway-configuration.2-bb', 'secret.key'])
  await rm(alive)
  await worker.flush()
  expect(await here.worker().load()).toEqual(everything)
})

test('a draft that was left before the clock was put back is removed', async () => {
  await using here = await node()
  const nextYear = new Date(Date.now() + 365 * 24 * 3600 * 1000)
  await writeFile(`${here.file}.1-aa`, '')
  await utimes(`${here.file}.1-aa`, nextYear, nextYear)
  const worker = here.worker()
  worker.note('e', everything)
  await worker.flush()
  expect((await readdir(here.dataDir)).sort()).toEqual(['gateway-configuration', 'secret.key'])
  expect(await here.worker().load()).toEqual(everything)
})

test('a line behind one that was cut off does not pass for written', async () => {
  await using here = await node()
  const [worker, other] = [here.worker(), here.worker()]
  for (const each of [worker, other]) {
    each.note('e', everything)
    await each.flush()
  }
  const base = await readFile(here.file, 'latin1')
  worker.note('e', renamed(4, 'orders 4'))
  await worker.flush()
  const line = (await readFile(here.file, 'latin1')).slice(base.length)
  // What is left when the first could write only a part of it, and the second had looked before that.
  await writeFile(here.file, base + line.slice(0, -20) + line, 'latin1')

  other.note('e', renamed(4, 'orders 4'))
  await other.flush()
  expect(await here.worker().load()).toMatchObject({ revision: 4 })
  expect(here.warnings).toEqual([])
})

test('of a file whose end is damaged what was before counts, and it is replaced with the next change', async () => {
  await using here = await node()
  const worker = here.worker()
  for (const revision of [3, 4, 5]) {
    worker.note('e', revision === 3 ? everything : renamed(revision, `revision ${revision}`))
    await worker.flush()
  }
  await truncate(here.file, (await stat(here.file)).size - 10)

  const restarted = here.worker()
  expect(await restarted.load()).toMatchObject({ revision: 4, put: [app, { name: 'revision 4' }] })
  expect(here.warnings).toMatchObject([{ reason: 'its last line is cut off' }])
  restarted.note('e', renamed(5, 'again'))
  await restarted.flush()
  expect(await readFile(here.file, 'utf8')).toMatch(/^sluice-configuration-2 e 5 /)
  expect(await here.worker().load()).toMatchObject({ revision: 5, put: [app, { name: 'again' }] })
})

test('whatever happens to the bytes of a file, what it gives was the configuration once, or it gives nothing', async () => {
  await using here = await node()
  const worker = here.worker()
  const history = new Map<number, unknown>()
  for (let revision = 3; revision < 8; revision++) {
    worker.note('e', revision === 3 ? everything : renamed(revision, `revision ${revision}`))
    await worker.flush()
    history.set(revision, await here.worker().load())
  }
  const good = await readFile(here.file)
  const edit = fc.record({
    at: fc.nat({ max: good.length }),
    cut: fc.nat({ max: 40 }),
    put: fc.uint8Array({ maxLength: 20 }),
    line: fc.option(fc.nat({ max: 8 })),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      let bytes = good
      for (const { at, cut, put, line } of edits) {
        bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
        const lines = bytes.toString('latin1').split('\n')
        // Lines are moved as wholes too.
        if (line !== null) bytes = Buffer.from([...lines.slice(line + 1), ...lines.slice(0, line)].join('\n'), 'latin1')
      }
      await writeFile(here.file, bytes)
      const loaded = await here.worker().load()
      if (loaded !== undefined) expect(loaded).toEqual(history.get(loaded.revision))
      // A worker that goes on from there leaves a file that is good again.
      const next = here.worker()
      await next.load()
      next.note('e', { ...everything, revision: 9 })
      await next.flush()
      expect(await here.worker().load()).toEqual({ ...everything, revision: 9 })
    }),
    { numRuns: 100 },
  )
})

test('without a file there is nothing to load, and nothing to warn of', async () => {
  await using here = await node()
  expect(await here.worker().load()).toBeUndefined()
  expect(here.warnings).toEqual([])
})

test.each<[string, (content: string) => string]>([
  ['cut off', (content) => content.slice(0, -10)],
  ['cut off in its first line', (content) => content.slice(0, 8)],
  ['empty', () => ''],
  [
    'changed in its middle',
    (content) => content.slice(0, 300) + (content[300] === 'A' ? 'B' : 'A') + content.slice(301),
  ],
  ['given another revision', (content) => content.replace(' e 3 ', ' e 4 ')],
  ['told to have no base', (content) => content.replace(/ \d+ *\n/, (end) => ' 256'.padEnd(end.length - 1) + '\n')],
  ['of another form', (content) => content.replace('configuration-2', 'configuration-3')],
])('a file that was %s is ignored with a warning', async (_, damage) => {
  await using here = await node()
  const worker = here.worker()
  worker.note('e', everything)
  await worker.flush()
  await writeFile(here.file, damage(await readFile(here.file, 'utf8')))

  const restarted = here.worker()
  expect(await restarted.load()).toBeUndefined()
  expect(restarted.position).toEqual({ epoch: '', revision: -1 })
  expect(here.warnings).toHaveLength(1)
  restarted.note('e', everything)
  await restarted.flush()
})

test('a disk that cannot be written is a warning, and tried again', async () => {
  await using here = await node()
  const dataDir = join(here.dataDir, 'gone')
  const vault = openVault(here.dataDir)
  const log = { info: () => undefined, warn: (details: object) => here.warnings.push(details) }
  const worker = new DiskCopy({ dataDir, vault, log, delay: 1 })
  worker.note('e', everything)
  await worker.flush()
  expect(here.warnings).toHaveLength(1)
  await mkdir(dataDir)
  await expect.poll(() => new DiskCopy({ dataDir, vault, log }).load()).toEqual(everything)
})
