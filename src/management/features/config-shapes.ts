/** Pieces that the configurations of features are made of. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { compilePattern } from '../../contract/pattern.js'

export const onOff = z.enum(['on', 'off'])

/** An object with a switch of its own beside the feature's. */
export const withSwitch = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.looseObject({ enable: onOff.optional(), ...shape })

/** A header's name: a token of RFC 9110 §5.6.2. */
export const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,128}$/)

export const uriPath = z
  .string()
  .max(512)
  .regex(/^\/[\w\-./~%]*$/)

/** Paths below it are the gateway's own: it cannot be all of them. */
export const uriPrefix = uriPath.min(2)

/** Account names are searched for these by gateways, with the engine of all their patterns; null means none. */
export const regularExpressions = z.array(z.string().min(1).refine(isRegularExpression)).nullable().optional()

export const addressList = z
  .array(z.string().refine((text) => isIP(text) !== 0))
  .nullable()
  .optional()

export const cidrList = z.array(z.string().refine(isCidr))

export const customLogs = z.looseObject({
  custom_logs: z
    .array(z.looseObject({ location: z.enum(['header', 'query', 'cookie']), name: z.string().min(1).max(128) }))
    .max(10)
    .nullable()
    .optional(),
})

/** While it is off anything may stand in it; once on, certificate and key must belong together. */
export const certificatePair = withSwitch({
  ca: z.string().optional(),
  content: z.string().optional(),
  key: z.string().optional(),
}).refine(({ enable, ca, content, key }) => enable !== 'on' || (isPair(content, key) && (!ca || isCertificate(ca))))

function isRegularExpression(text: string): boolean {
  return compilePattern(text) !== undefined
}

function isPair(content: string | undefined, key: string | undefined): boolean {
  if (!content || !key) return false
  return succeeds(() => {
    if (!new X509Certificate(content).checkPrivateKey(createPrivateKey(key))) throw new Error('not a pair')
  })
}

function isCertificate(text: string): boolean {
  return succeeds(() => new X509Certificate(text))
}

/** Parsers of the platform tell an unfit text by an exception; here it is an answer. */
function succeeds(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}

function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128)
}
