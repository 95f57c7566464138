/** The programs that drive an SDK, made when first asked for, and kept for the next run. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OperationId } from '../../src/contract/generated/operations.js'
import type { TestManagement } from '../../test/management.js'

/** A program and its first arguments. */
export type Command = readonly [string, ...string[]]

export interface Client {
  readonly name: string
  build(): Command
  /** Operations that the last published version has no method for. */
  readonly absent: readonly OperationId[]
  /** There is no package of the service's operations: the main job is all that it is asked to do. */
  readonly hasNoOperations?: true
  /** A reply that it has a wrong type for, which later versions have right. */
  readonly unreadable?: {
    /** Of its error. */
    readonly message: RegExp
    readonly why: string
    /** The list whose items have it. */
    readonly list: string
    /** Takes away what such a reply is about. */
    readonly without: (sluice: TestManagement) => Promise<unknown>
  }
}

const HERE = join(import.meta.dirname, '..')

function run(program: string, args: readonly string[], hint: string, options: object = {}): void {
  try {
    execFileSync(program, args, { stdio: 'inherit', ...options })
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw missing ? new Error(`${program} is not on the PATH. ${hint}`, { cause: error }) : error
  }
}

function go(): Command {
  const command = join(tmpdir(), 'sluice-conformance-go', 'client')
  // Two thirds of a second where nothing has changed. One core: the other is for whoever works beside.
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false -p=1', GOMAXPROCS: '1' }
  const hint = 'It takes Go 1.19 or newer; on Debian and Ubuntu: apt-get install -y --no-install-recommends golang-go'
  run('go', ['build', '-o', command, '.'], hint, { cwd: join(HERE, 'go'), env })
  return [command]
}

function java(): Command {
  const folder = join(HERE, 'java')
  const sources = readdirSync(folder).filter((name) => name.endsWith('.java'))
  const digest = (names: readonly string[]): string => {
    const hash = createHash('sha256')
    for (const name of names) hash.update(readFileSync(join(folder, name)))
    return hash.digest('hex').slice(0, 16)
  }
  const hint =
    'It takes Java 17 and Maven; on Debian and Ubuntu: apt-get install -y --no-install-recommends default-jdk-headless maven'
  const jars = made(`jars-${digest(['pom.xml'])}`, (directory) => {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`, '-DincludeScope=runtime']
    run('mvn', ['-B', '-q', '-f', join(folder, 'pom.xml'), ...goal], hint)
  })
  const classes = made(`classes-${digest(['pom.xml', ...sources])}`, (directory) =>
    run('javac', ['-Xlint:all', '-Werror', '-proc:none', '-cp', `${jars}/*`, '-d', directory, ...sources], hint, {
      cwd: folder,
    }),
  )
  return ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${classes}:${jars}/*`, 'Main']
}

function node(): Command {
  const folder = join(HERE, 'node')
  const [main, lock] = ['main.js', 'package-lock.json']
  const digest = createHash('sha256')
  for (const name of [main, lock]) digest.update(readFileSync(join(folder, name)))
  const directory = made(`node-${digest.digest('hex').slice(0, 16)}`, (beside) => {
    for (const name of [main, lock, 'package.json']) copyFileSync(join(folder, name), join(beside, name))
    run('npm', ['ci', '--silent', '--ignore-scripts'], '', { cwd: beside })
  })
  return [process.execPath, join(directory, main)]
}

/** Beside, then in its place: two runs at once do not see half of it. */
function made(name: string, make: (directory: string) => void): string {
  const parent = join(tmpdir(), 'sluice-conformance-sdks')
  const directory = join(parent, name)
  if (existsSync(directory)) return directory
  mkdirSync(parent, { recursive: true })
  const beside = mkdtempSync(join(parent, 'new-'))
  make(beside)
  try {
    renameSync(beside, directory)
  } catch (error) {
    rmSync(beside, { recursive: true })
    if (!existsSync(directory)) throw error
  }
  return directory
}

async function withoutCertificates(sluice: TestManagement): Promise<void> {
  const { groups } = (await sluice.given('listApiGroupsV2')) as { groups: readonly Group[] }
  for (const { id: group_id, url_domains } of groups)
    for (const { id: domain_id, ssl_infos } of url_domains)
      if (ssl_infos.length > 0)
        await sluice.given('batchDisassociateCertsV2', {
          path: { group_id, domain_id },
          body: { certificate_ids: ssl_infos.map(({ ssl_id }) => ssl_id) },
        })
}

interface Group {
  readonly id: string
  readonly url_domains: readonly { readonly id: string; readonly ssl_infos: readonly { readonly ssl_id: string }[] }[]
}

export const clients: Readonly<Record<string, Client>> = {
  go: { name: 'Go', build: go, absent: [] },
  node: { name: 'Node', build: node, absent: [], hasNoOperations: true },
  java: {
    name: 'Java',
    build: java,
    absent: ['createAiApiKey', 'deleteAiApiKey', 'listAiApiKeys', 'showDetailsOfAiApiKey'],
    // Whose is a certificate: "instance" or "global" in this version, 1 or 2 in the later ones of Go and Python.
    unreadable: {
      message: /SslInfo\$TypeEnum/,
      list: 'ssl_infos',
      why: 'without a certificate on the domain: this version takes ssl_infos[].type for a text',
      without: withoutCertificates,
    },
  },
}
