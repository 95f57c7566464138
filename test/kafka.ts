/**
 * A broker of Kafka, started from its own jars: one node in KRaft mode on free ports, in a directory that disappears
 * with it. The jars come from Maven once and lie beside the project. `undefined` where the machine has no Java or Maven.
 */
import { Consumer, stringDeserializers } from '@platformatic/kafka'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from './free-port.js'

const run = promisify(execFile)

const POM = fileURLToPath(new URL('kafka-broker.pom.xml', import.meta.url))
const JARS = join(tmpdir(), 'sluice-kafka-4.3.1')
const CLUSTER = '4L6g3nShT-eMCtK--X86sw'
export const KAFKA_USER = { username: 'gateway', password: 'kafka-password-1' }

export interface KafkaBroker {
  /** `host:port` without and with authentication, and with TLS besides. */
  readonly plain: string
  readonly sasl: string
  readonly saslTls: string
  /** Kills it, as a machine that goes down. What it had stays. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface KafkaOptions {
  /** Certificate and key of the listener with TLS, in PEM. */
  readonly certificate: string
  readonly key: string
}

/** @throws in CI, where the machine lacks what it needs */
export async function kafkaBroker({ certificate, key }: KafkaOptions): Promise<KafkaBroker | undefined> {
  try {
    await run('java', ['-version'])
    if (!existsSync(JARS)) await fetchJars()
  } catch (error) {
    const hint = 'Kafka needs Java 17 and Maven: apt-get install openjdk-17-jre-headless maven'
    if (process.env['CI'] === 'true') throw new Error(hint, { cause: error })
    console.warn(`tests with Kafka are skipped. ${hint}`)
    return undefined
  }
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kafka-run-'))
  const [plain, sasl, saslTls, controller] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const properties = join(directory, 'server.properties')
  await writeFile(join(directory, 'keystore.pem'), `${key}\n${certificate}`)
  await writeFile(properties, settings({ directory, plain, sasl, saslTls, controller }))
  await run('java', [...JAVA, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', properties])

  let broker: ChildProcess | undefined
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => broker?.once('exit', resolve))
    broker?.kill('SIGKILL')
    await gone
  }
  const start = async (): Promise<void> => {
    broker = spawn('java', [...JAVA, 'kafka.Kafka', properties], { stdio: 'ignore' })
    for (const port of [plain, sasl, saslTls]) await untilOpen(port, broker)
  }
  await start()
  return {
    plain: `127.0.0.1:${plain}`,
    sasl: `127.0.0.1:${sasl}`,
    saslTls: `localhost:${saslTls}`,
    kill,
    start,
    stop: async () => {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const JAVA = ['-cp', join(JARS, '*'), '-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']

/** Beside, then in its place: two runs at once do not see half of it. */
async function fetchJars(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-kafka-jars-'))
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`, '-DincludeScope=runtime']
  await run('mvn', ['-B', '-q', '-f', POM, ...goal])
  await rename(directory, JARS).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true })
    if (!existsSync(JARS)) throw error
  })
}

interface Ports {
  readonly directory: string
  readonly plain: number
  readonly sasl: number
  readonly saslTls: number
  readonly controller: number
}

function settings({ directory, plain, sasl, saslTls, controller }: Ports): string {
  const { username, password } = KAFKA_USER
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},SASL_SSL://127.0.0.1:${saslTls},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${plain},SASL_PLAINTEXT://127.0.0.1:${sasl},SASL_SSL://localhost:${saslTls}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=${login}
listener.name.sasl_ssl.plain.sasl.jaas.config=${login}
ssl.keystore.type=PEM
ssl.keystore.location=${join(directory, 'keystore.pem')}
log.dirs=${join(directory, 'data')}
num.partitions=3
message.max.bytes=10000000
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
`
}

async function untilOpen(port: number, broker: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    if (broker.exitCode !== null || Date.now() > deadline) throw new Error('Kafka did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface TopicRecord {
  readonly key: string | undefined
  readonly value: string
}

/** Milliseconds after which a topic is given up. */
const READ_FOR = 60_000

/** Reads a topic from its beginning, until so many records came that `enough` says so, or none come any more. */
export async function readTopic(
  broker: string,
  topic: string,
  enough: (records: readonly TopicRecord[]) => boolean,
): Promise<TopicRecord[]> {
  const consumer = new Consumer({
    clientId: 'test',
    groupId: `test-${topic}-${Date.now()}`,
    bootstrapBrokers: [broker],
    deserializers: stringDeserializers,
    autocreateTopics: true,
  })
  const records: TopicRecord[] = []
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false, maxWaitTime: 100 })
  const late = setTimeout(() => void stream.close(), READ_FOR)
  for await (const { key, value } of stream) {
    records.push({ key: key || undefined, value })
    if (enough(records)) break
  }
  clearTimeout(late)
  await new Promise<void>((resolve) => consumer.close(true, () => resolve()))
  return records
}
