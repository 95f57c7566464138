/** Plug-in `proxy_mirror`: policies.md §8.3. */
import { z } from 'zod'
import { flag, hostAndPort, httpPath, timeout } from './pieces.js'

export const proxyMirror = z.looseObject({
  protocol: z.string().regex(/^(?:https?|grpcs?)$/i),
  host: hostAndPort,
  path: httpPath.or(z.literal('')).nullish(),
  path_concat_mode: z.enum(['replace', 'prefix']).nullish(),
  sample_ratio: z.number().gt(0).max(1).nullish(),
  timeout: timeout.nullish(),
  mirror_request_body_enabled: flag,
})
