/**
 * What gateways ask of control, on the management listener: the configuration stream, and a place for their counts.
 *
 * A stream is pulled, never queued: each connection knows the revision that it has sent, and reads on from the publisher
 * when the socket takes more. A slow gateway costs one chunk of memory, and one that takes nothing for
 * `PATIENCE` is cut off; it resumes where it was.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { tokenCheck } from './cluster-token.js'
import { encodeFrame, framesOf } from './frames.js'
import { parseGatewayReport, type GatewayReport } from './gateway-report.js'
import { parseQuestion, replyTo, type IdentityAnswer, type IdentityQuestion } from './identities.js'
import { parseMemberReport, type MemberReport } from './member-report.js'
import type { Update } from './parts.js'
import { GATEWAYS_PATH, IDENTITIES_PATH, MEMBERS_PATH, SNAPSHOT_PATH, STATISTICS_PATH } from './paths.js'
import type { Publisher } from './publisher.js'
import { LARGEST_REPORT, parseReport, SeenReports, type StatisticsReport } from './statistics-report.js'

export interface GatewayRoutesOptions {
  readonly publisher: Publisher
  /** The cluster token. */
  readonly token: string
  /** Takes what a gateway counted, once. When it rejects, the gateway sends the same again. */
  readonly receive: (report: StatisticsReport) => Promise<void> | void
  /** Takes what a gateway has found out about members of channels. */
  readonly receiveMembers: (report: MemberReport) => void
  /** Takes what a gateway process tells of itself. Absent: nobody wants to know. */
  readonly receiveGateway?: (report: GatewayReport) => void
  /** Tells who shows a token or an access key. Absent: nobody is asked. */
  readonly identify?: (question: IdentityQuestion) => Promise<Exclude<IdentityAnswer, 'unavailable' | 'refused'>>
  /** Milliseconds between signs of life. Default 5,000. */
  readonly heartbeat?: number
}

const HEARTBEAT = 5_000
/** Milliseconds that a gateway may take nothing. */
const PATIENCE = 15_000
const CHUNK = 64 * 1024

export function gatewayRoutes(app: FastifyInstance, options: GatewayRoutesOptions): void {
  const authentic = tokenCheck(options.token)
  const streams = new Set<Stream>()
  const seen = new SeenReports()

  void app.register(async (routes) => {
    routes.removeAllContentTypeParsers()
    routes.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST_REPORT }, (_request, body, done) => {
      done(null, body)
    })
    routes.addHook('onRequest', async (request, reply) => {
      if (!authentic(request.headers.authorization)) await reply.code(401).send({ error_msg: 'wrong cluster token' })
    })
    // Streams never end by themselves, and would keep the server from closing.
    routes.addHook('preClose', async () => {
      for (const stream of streams) stream.end()
    })

    routes.get(SNAPSHOT_PATH, (request: FastifyRequest, reply: FastifyReply) => {
      const { epoch, since } = request.query as Readonly<Record<string, unknown>>
      reply.hijack()
      const stream = new Stream(reply.raw, options.publisher, options.heartbeat ?? HEARTBEAT)
      streams.add(stream)
      void stream.run(typeof epoch === 'string' ? epoch : '', Number(since ?? -1)).finally(() => streams.delete(stream))
    })

    routes.post(STATISTICS_PATH, async (request, reply) => {
      const report = parseReport(request.body)
      if (report === undefined) return reply.code(400).send({ error_msg: 'not a statistics report' })
      await seen.once(report, () => options.receive(report))
      return reply.code(204).send()
    })

    const { identify } = options
    if (identify !== undefined)
      routes.post(IDENTITIES_PATH, async (request, reply) => {
        const question = parseQuestion(request.body)
        if (question === undefined) return reply.code(400).send({ error_msg: 'not a question for an identity' })
        return reply.type('application/json').send(replyTo(await identify(question)))
      })

    routes.post(MEMBERS_PATH, (request, reply) => {
      const report = parseMemberReport(request.body)
      if (report === undefined) return reply.code(400).send({ error_msg: 'not a report of members' })
      options.receiveMembers(report)
      return reply.code(204).send()
    })

    routes.post(GATEWAYS_PATH, (request, reply) => {
      const report = parseGatewayReport(request.body)
      if (report === undefined) return reply.code(400).send({ error_msg: 'not a report of a gateway' })
      options.receiveGateway?.(report)
      return reply.code(204).send()
    })
  })
}

class Stream {
  #open = true
  #wake: () => void = () => undefined
  #writable: () => void = () => undefined

  constructor(
    private readonly response: ServerResponse,
    private readonly publisher: Publisher,
    private readonly heartbeat: number,
  ) {}

  end(): void {
    this.#open = false
    this.#wake()
    this.#writable()
  }

  /** Resolves when the stream has ended, by whatever cause. */
  async run(epoch: string, revision: number): Promise<void> {
    const unsubscribe = this.publisher.subscribe(() => this.#wake())
    this.response.on('close', () => this.end())
    this.response.on('drain', () => this.#writable())
    // A gateway that is gone is no event: it comes back when it can.
    this.response.on('error', () => this.end())
    this.response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
    try {
      await this.#write(encodeFrame({ type: 'heartbeat' }))
      await this.#follow(epoch, revision)
    } finally {
      unsubscribe()
      this.response.end()
    }
  }

  async #follow(knownEpoch: string, knownRevision: number): Promise<void> {
    let epoch = knownEpoch
    let revision = knownRevision
    while (this.#open) {
      const updates = this.#after(epoch, revision)
      for (const update of updates) {
        await this.#send(update)
        epoch = this.publisher.epoch
        revision = update.revision
      }
      if (updates.length === 0 && !(await this.#changed())) await this.#write(encodeFrame({ type: 'heartbeat' }))
    }
  }

  #after(epoch: string, revision: number): readonly Update[] {
    // Nothing has been published yet: control is still reading its database.
    if (this.publisher.revision < 0) return []
    const updates = this.publisher.since(epoch, revision)
    if (updates !== undefined) return updates
    const current = this.publisher.current()
    return [{ revision: current.revision, reset: true, put: current.parts, remove: [] }]
  }

  /** Whether something changed, or the stream ended, before a heartbeat is due. */
  async #changed(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const changed = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(true)
      timer = setTimeout(resolve, this.heartbeat, false)
    })
    clearTimeout(timer)
    this.#wake = () => undefined
    return changed
  }

  async #send(update: Update): Promise<void> {
    let chunk = ''
    for (const frame of framesOf(this.publisher.epoch, update)) {
      chunk += encodeFrame(frame)
      if (chunk.length < CHUNK) continue
      await this.#write(chunk)
      chunk = ''
      if (!this.#open) return
    }
    await this.#write(chunk)
  }

  async #write(chunk: string): Promise<void> {
    if (!this.#open || this.response.write(chunk)) return
    const patience = setTimeout(() => this.response.destroy(), PATIENCE)
    await new Promise<void>((resolve) => (this.#writable = resolve))
    clearTimeout(patience)
  }
}
