import type { z } from 'zod'
import { readJson } from '../contract/json-text.js'

/** What a gateway has told control; undefined where it is none. `body`: as the framework has read it, bytes or nothing. */
export function readReport<Report>(schema: z.ZodType<Report>, body: unknown): Report | undefined {
  return Buffer.isBuffer(body) ? schema.safeParse(readJson(body.toString('utf8'))).data : undefined
}
