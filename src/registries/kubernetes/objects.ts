/**
 * What is read of the objects of Kubernetes (API v1, discovery.k8s.io/v1). API servers write `null` for empty lists. A
 * shape that is another is an error: whoever answers is no API server.
 */
import { z } from 'zod'
import { RegistryError } from '../registry.js'

const text = z.string().min(1)
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {})
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? [])
const port = z.int().min(0).max(65_535)

const metadata = z.object({ name: text, resourceVersion: text, labels })

const pod = z.object({
  metadata: metadata.extend({
    deletionTimestamp: z.string().nullish(),
    ownerReferences: list(z.object({ kind: text, controller: z.boolean().nullish() })),
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      podIP: z.string().nullish(),
      conditions: list(z.object({ type: text, status: text })),
    })
    .nullish(),
})

const service = z.object({
  metadata,
  spec: z.object({
    ports: list(z.object({ name: z.string().nullish(), port, protocol: z.string().nullish() })),
  }),
})

const endpointSlice = z.object({
  metadata,
  addressType: text,
  endpoints: list(
    z.object({
      addresses: z.array(text).min(1),
      conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
      targetRef: z.object({ kind: z.string().nullish(), name: z.string().nullish() }).nullish(),
    }),
  ),
  ports: list(z.object({ name: z.string().nullish(), port: port.nullish(), protocol: z.string().nullish() })),
})

const page = z.object({
  metadata: z.object({ resourceVersion: text, continue: z.string().nullish() }),
  items: list(z.unknown()),
})

const event = z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']), object: z.unknown() })
const versioned = z.object({ metadata: z.object({ resourceVersion: text }) })
const status = z.object({ kind: z.literal('Status'), code: z.int().nullish(), message: z.string().nullish() })

export type Pod = z.output<typeof pod>
export type Service = z.output<typeof service>
export type EndpointSlice = z.output<typeof endpointSlice>

const reader =
  <T extends z.ZodType>(schema: T, what: string) =>
  (value: unknown): z.output<T> => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    throw new RegistryError(`the answer is no ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }

export const podOf = reader(pod, 'pod')
export const serviceOf = reader(service, 'service')
export const endpointSliceOf = reader(endpointSlice, 'endpoint slice')
export const pageOf = reader(page, 'list')
export const eventOf = reader(event, 'event')

/** The version after a bookmark. */
export const versionOf = (value: unknown): string => reader(versioned, 'bookmark')(value).metadata.resourceVersion

/** What an API server says of an error, if it does. */
export function statusOf(value: unknown): { readonly code?: number; readonly message?: string } {
  const parsed = status.safeParse(value)
  if (!parsed.success) return {}
  const { code, message } = parsed.data
  return { ...(code != null && { code }), ...(message != null && { message }) }
}
