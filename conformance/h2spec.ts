/**
 * `npm run h2spec`: the conformance suite h2spec, strict cases too, against the HTTPS listener of a gateway. A case that
 * fails is either in `h2spec/allowed.json`, with the reason (docs/http2.md), or a failure of ours.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gateway } from '../test/gateway.js'
import { groupPart } from '../test/parts.js'
import { secureOptions } from '../test/secure-call.js'

interface Allowed {
  readonly case: string
  readonly title: string
  readonly why: string
}

interface Result {
  /** Section and number within it, such as `http2/5.1/6`: h2spec takes it as an argument. */
  readonly case: string
  readonly title: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What was expected, and last of all what came. */
  readonly detail: string
}

/** So that a suite which stopped half-way is not taken for one that passed. */
const CASES = 146

const HERE = join(import.meta.dirname, 'h2spec')
/** Go's modules and the command, kept for the next run. */
const BUILT = join(tmpdir(), 'sluice-h2spec')

function build(): string {
  const command = join(BUILT, 'bin', 'h2spec')
  if (existsSync(command)) return command
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
  } catch {
    throw new Error(
      'h2spec is built with Go (1.19 or newer), which is not on the PATH. ' +
        'On Debian and Ubuntu: apt-get install -y --no-install-recommends golang-go',
    )
  }
  const environment = { ...process.env, GOPATH: BUILT, GOFLAGS: '-mod=readonly -modcacherw' }
  const module = 'github.com/summerwind/h2spec/cmd/h2spec'
  execFileSync('go', ['build', '-o', command, module], { cwd: HERE, env: environment, stdio: 'inherit' })
  return command
}

/** @param report in the format of JUnit, with bytes that no XML parser takes */
function resultsOf(report: string): Result[] {
  const counts = new Map<string, number>()
  return [...report.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([^]*?)<\/testcase>/g)].map(
    ([, section = '', title = '', content = '']) => {
      const number = (counts.get(section) ?? 0) + 1
      counts.set(section, number)
      const outcome = /<(?:failure|error)>/.test(content)
        ? 'failed'
        : content.includes('<skipped>')
          ? 'skipped'
          : 'passed'
      const detail = content.replace(/<[^>]*>/g, '').trim()
      return { case: `${section}/${number}`, title: title.replace(/&#39;/g, "'"), outcome, detail }
    },
  )
}

async function run(command: string): Promise<Result[]> {
  await using gw = await gateway({
    api: { req_method: 'ANY', req_uri: '/', match_mode: 'SWA' },
    // The suite names the listener's own address as its host.
    parts: [groupPart({ isDefault: true })],
    options: secureOptions(),
  })
  // Some cases are about streams that are still open, and need a reply that takes its time; others need one of some size.
  gw.backend.answer = (response) => void setTimeout(() => response.end('x'.repeat(1024)), 20)
  const port = gw.gateway.secureAddresses[0]?.port ?? 0
  const directory = mkdtempSync(join(tmpdir(), 'h2spec-'))
  const report = join(directory, 'report.xml')
  try {
    const suite = spawn(command, ['-t', '-k', '-S', '-p', String(port), '-o', '2', '-j', report], { stdio: 'ignore' })
    await once(suite, 'exit')
    if (gw.faults.length > 0) throw new Error('the gateway had faults of its own', { cause: gw.faults[0] })
    return resultsOf(readFileSync(report, 'latin1'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const allowed = JSON.parse(readFileSync(join(HERE, 'allowed.json'), 'utf8')) as readonly Allowed[]
const results = await run(build())
let [passed, failed, known] = [0, 0, 0]
const fail = (text: string): void => {
  failed++
  console.log(text)
}
for (const { case: name, title, why } of allowed) {
  const result = results.find((each) => each.case === name && each.title === title)
  if (result === undefined) fail(`✗ ${name} is allowed to fail, and is no case: ${title}`)
  else if (result.outcome === 'failed') {
    known++
    console.log(`- ${name} ${title}\n    allowed: ${why}`)
  } else console.log(`- ${name} ${title}\n    may fail, and does not with Node ${process.version}`)
}
for (const { case: name, title, outcome, detail } of results) {
  if (outcome === 'passed') passed++
  else if (!allowed.some((each) => each.case === name))
    fail(`✗ ${name} ${title}: ${outcome}\n    ${detail.replaceAll('\n', '\n    ')}`)
}
if (results.length !== CASES) fail(`✗ ${results.length} cases ran instead of ${CASES}`)
console.log(`${known} cases fail for reasons that are known; the others:`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
