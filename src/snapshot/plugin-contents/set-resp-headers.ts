/** Plug-in `set_resp_headers`: policies.md §6. */
import { z } from 'zod'
import { headerValue, isUnique } from './pieces.js'

/** Headers that the gateway itself answers for. */
const RESERVED = /^(?:x-apig-.*|access-control-.*|x-request-id|server|date|connection|transfer-encoding)$/i
const SYSTEM_PARAMETER = /^\$context\.[a-zA-Z][\w.-]*$/

const header = z
  .looseObject({
    name: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9.-]{0,31}$/)
      .refine((name) => !RESERVED.test(name)),
    value: headerValue.max(1_024).nullish(),
    value_type: z.enum(['custom_value', 'system_parameter']).nullish(),
    action: z.enum(['override', 'append', 'delete', 'skip', 'add']),
  })
  .refine(({ value, value_type, action }) => {
    if (action === 'delete') return true
    return value_type === 'system_parameter' ? SYSTEM_PARAMETER.test(value ?? '') : Boolean(value)
  })

export const setRespHeaders = z.looseObject({
  response_headers: z
    .array(header)
    .min(1)
    .max(10)
    .refine((headers) => isUnique(headers.map(({ name }) => name.toLowerCase()))),
})
