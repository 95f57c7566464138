/**
 * What Nacos answers: API v1 (`/nacos/v1/ns/instance/list`, of 1.x to 3.1), API v3 (`/nacos/v3/client/ns/instance/list`,
 * of 3.0 and later; the only one since 3.2).
 */
import { isIP } from 'node:net'
import { z } from 'zod'
import { MOST_INSTANCES, RegistryError, type Instance } from '../registry.js'

const instance = z.object({
  ip: z.string().min(1),
  port: z.int().min(0).max(65_535),
  weight: z.number().min(0).nullish(),
  healthy: z.boolean(),
  // Left out by some that answer in the place of Nacos.
  enabled: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
})

const listed = z.object({ hosts: z.array(instance) })
const wrapped = z.object({ code: z.int(), message: z.string().nullish(), data: z.unknown() })
const login = z.object({ accessToken: z.string().min(1), tokenTtl: z.number().positive() })

type NacosInstance = z.output<typeof instance>

/** Error codes of API v3: resource, and service, not found. */
const NOT_FOUND = new Set([20004, 21008])

/** The form of each version of the API. */
export interface Dialect {
  readonly loginPath: string
  /** @throws {RegistryError} */
  readonly instances: (answer: unknown) => Instance[]
  readonly listPath: string
  readonly clusterParameter: string
}

export const dialects: readonly Dialect[] = [
  {
    loginPath: '/nacos/v1/auth/login',
    listPath: '/nacos/v1/ns/instance/list',
    clusterParameter: 'clusters',
    instances: (answer) => callable(read(listed, answer).hosts),
  },
  {
    loginPath: '/nacos/v3/auth/user/login',
    listPath: '/nacos/v3/client/ns/instance/list',
    clusterParameter: 'clusterName',
    instances(answer) {
      const { code, message, data } = read(wrapped, answer)
      if (NOT_FOUND.has(code)) return []
      if (code !== 0) throw new RegistryError(`Nacos answers ${code}: ${message ?? ''}`)
      return callable(read(z.array(instance), data))
    },
  },
]

/** Whether a reply with status 404 is Nacos's own about what was asked for, not about the way it was asked. */
export const isNotFound = (answer: unknown): boolean => NOT_FOUND.has(wrapped.safeParse(answer).data?.code ?? 0)

/** Seconds that a token is good for, with the token. @throws {RegistryError} */
export const tokenOf = (answer: unknown): z.output<typeof login> => read(login, answer)

function read<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RegistryError(`the answer is not of Nacos: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
}

/** Those that are enabled and healthy, at addresses or names. @throws {RegistryError} for too many */
function callable(all: readonly NacosInstance[]): Instance[] {
  if (all.length > MOST_INSTANCES) throw new RegistryError(`the service has more than ${MOST_INSTANCES} instances`)
  const chosen = all.filter(({ ip, healthy, enabled }) => healthy && enabled !== false && isHost(ip))
  const scale = scaleOf(chosen.map(({ weight }) => weight ?? 1))
  return chosen.map(({ ip, port, weight, metadata }) => ({
    name: `${ip}:${port}`,
    host: ip,
    port,
    weight: scale(weight ?? 1),
    labels: metadata ?? {},
  }))
}

const HEAVIEST = 10_000

/** Nacos weighs by fractions, we by whole numbers: a fraction among them multiplies all, so that shares stay. */
function scaleOf(weights: readonly number[]): (weight: number) => number {
  const largest = Math.max(1, ...weights)
  const wanted = weights.every(Number.isInteger) ? 1 : 100
  const factor = Math.min(wanted, HEAVIEST / largest)
  return (weight) => (weight === 0 ? 0 : Math.max(1, Math.round(weight * factor)))
}

const isHost = (text: string): boolean => isIP(text) !== 0 || (text.length <= 253 && NAME.test(text))
/** Labels of which the last one is no number: that would be an address which is none. */
const NAME = /^(?:[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.)*[a-zA-Z_](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?\.?$/
