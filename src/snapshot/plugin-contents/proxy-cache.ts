/** Plug-in `proxy_cache`: policies.md §8.2. */
import { z } from 'zod'
import { headerName, joined } from './pieces.js'

const SYSTEM = new Set(
  'sourceIp stage apiId appId requestId serverAddr serverName handleTime providerAppId apiName appName'.split(' '),
)
const RESERVED = /^(?:x-apig-.*|x-request-id)$/i

const names = z.array(z.string().min(1)).nullish()

const key = z
  .looseObject({ system_params: names, parameters: names, headers: names })
  .refine((parts) => [parts.system_params, parts.parameters, parts.headers].some((list) => joined(list).length > 0))
  .refine(({ system_params }) => joined(system_params).every((name) => SYSTEM.has(name.replace(/^\$context\./, ''))))

export const proxyCache = z.looseObject({
  cache_key: key,
  cache_http_status_and_ttl: z
    .array(
      z.looseObject({
        http_status: z.array(z.int().min(200).max(599)).min(1),
        /** Seconds. */
        ttl: z.int().min(1).max(2_147_483_647),
      }),
    )
    .nullish(),
  client_cache_control: z
    .looseObject({ mode: z.enum(['off', 'all', 'apps']).nullish(), datas: z.array(z.string()).nullish() })
    .refine(({ mode, datas }) => mode !== 'apps' || joined(datas).some(Boolean))
    .nullish(),
  cacheable_headers: z
    .array(z.string())
    .refine((list) => {
      const headers = joined(list)
      return headers.length <= 20 && headers.every((name) => headerName.safeParse(name).success && !RESERVED.test(name))
    })
    .nullish(),
})
