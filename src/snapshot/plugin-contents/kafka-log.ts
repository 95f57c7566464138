/** Plug-in `kafka_log`: policies.md §8.1. */
import { z } from 'zod'
import { flag, hostAndPort } from './pieces.js'

const sasl = z
  .looseObject({
    security_protocol: z.enum(['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL']).nullish(),
    sasl_mechanisms: z
      .string()
      .regex(/^(?:PLAIN)?$/)
      .nullish(),
    sasl_username: z.string().nullish(),
    sasl_password: z.string().nullish(),
    ssl_ca_content: z.string().nullish(),
  })
  .refine(
    ({ security_protocol, sasl_username, sasl_password }) =>
      !security_protocol?.startsWith('SASL') || (Boolean(sasl_username) && Boolean(sasl_password)),
  )

const callData = z.looseObject({
  log_request_header: flag,
  request_header_filter: z.string().nullish(),
  log_request_query_string: flag,
  request_query_string_filter: z.string().nullish(),
  log_request_body: flag,
  log_response_header: flag,
  response_header_filter: z.string().nullish(),
  log_response_body: flag,
  custom_authorizer: z
    .looseObject({ frontend: z.array(z.string()).nullish(), backend: z.array(z.string()).nullish() })
    .nullish(),
})

export const kafkaLog = z.looseObject({
  broker_list: z.array(hostAndPort).min(1),
  topic: z.string().min(1).max(249),
  key: z.string().nullish(),
  max_retry_count: z.int().min(0).max(5).nullish(),
  /** Seconds. */
  retry_backoff: z.int().min(1).max(10).nullish(),
  sasl_config: sasl.nullish(),
  meta_config: z
    .looseObject({ system: z.record(z.string(), z.boolean()).nullish(), call_data: callData.nullish() })
    .nullish(),
})
