/** Plug-in `cors`: policies.md §5.2. */
import { z } from 'zod'
import { flag } from './pieces.js'

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'CONNECT', '*'])
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
const ORIGIN = /^(?:\*|null|[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^\s/,?#]+)$/

const listOf = (isMember: (text: string) => boolean) =>
  z
    .string()
    .max(4_096)
    .refine((text) => text.split(',').every((member) => isMember(member.trim())))

const names = listOf((text) => TOKEN.test(text))
  .or(z.literal(''))
  .nullish()

export const cors = z.looseObject({
  allow_origin: listOf((text) => ORIGIN.test(text)),
  allow_methods: listOf((text) => METHODS.has(text.toUpperCase())),
  allow_headers: names,
  expose_headers: names,
  /** Seconds. */
  max_age: z.int().min(0).max(86_400_000).nullish(),
  allow_credentials: flag,
})

/** Methods that the plug-in allows, in upper case; `*` allows all. */
export function allowedMethods(content: z.infer<typeof cors>): ReadonlySet<string> {
  return new Set(content.allow_methods.split(',').map((method) => method.trim().toUpperCase()))
}
