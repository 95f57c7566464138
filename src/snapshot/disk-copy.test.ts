import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  await vi.waitFor(async () => expect(await readFile(here.file, 'utf8')).toMatch(/^sluice-configuration-1 e 49\n/))
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
  expect(await readFile(here.file, 'utf8')).toMatch(/^sluice-configuration-1 another 3\n/)
})

test('many workers that write at once leave one whole file, and no other', async () => {
  await using here = await node()
  const workers = Array.from({ length: 8 }, () => here.worker())
  await Promise.all(
    workers.map((worker, index) => {
      worker.note(`e${index}`, everything)
      return worker.flush()
    }),
  )
  expect(await here.worker().load()).toEqual(everything)
  expect((await readdir(here.dataDir)).sort()).toEqual(['gateway-configuration', 'secret.key'])
  expect(here.warnings).toEqual([])
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
  ['changed in its middle', (content) => content.slice(0, 60) + (content[60] === 'A' ? 'B' : 'A') + content.slice(61)],
  ['given another revision', (content) => content.replace(' e 3\n', ' e 4\n')],
  ['of another form', (content) => content.replace('configuration-1', 'configuration-2')],
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

test('a disk that cannot be written is a warning', async () => {
  await using here = await node()
  const worker = new DiskCopy({
    dataDir: join(here.dataDir, 'gone'),
    vault: openVault(here.dataDir),
    log: { info: () => undefined, warn: (details) => here.warnings.push(details) },
  })
  worker.note('e', everything)
  await worker.flush()
  expect(here.warnings).toHaveLength(1)
})
