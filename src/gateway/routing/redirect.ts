/** Sends callers of a domain from HTTP to HTTPS (routing.md §2), before they are asked who they are. */
import type { GroupDomain } from '../../snapshot/parts.js'
import type { Exchange } from '../exchange.js'
import type { Features } from '../features.js'
import { encodePathTail, percentDecode } from '../percent-encoding.js'
import type { Reply } from '../reply.js'
import type { Route } from './route.js'

const STANDARD_HTTPS = 443

/**
 * The redirect, where the API is served over HTTPS and the domain has a certificate for it; `undefined` elsewhere.
 *
 * @param ownPort on which this gateway listens for HTTPS
 */
export function redirectToHttps(
  { head }: Exchange,
  { httpsPort, certificateIds }: GroupDomain,
  { publication }: Route,
  { pathsAsSent }: Features,
  ownPort: number,
): Reply | undefined {
  const { req_protocol: protocol } = publication.definition
  if ((protocol !== 'HTTPS' && protocol !== 'BOTH') || certificateIds.length === 0 || httpsPort === -1) return undefined
  const [, name = head.host, sentPort] = /^(.*?)(?::(\d*))?$/.exec(head.host) ?? []
  // A caller who names a port has reached the gateway itself; one who doesn't may be behind something that maps ports.
  const standard = sentPort === undefined || sentPort === '' || sentPort === '80' ? STANDARD_HTTPS : ownPort
  const port = httpsPort === STANDARD_HTTPS ? standard : httpsPort
  const authority = port === STANDARD_HTTPS ? name : `${name}:${port}`
  const path = pathsAsSent ? head.path : encodePathTail(percentDecode(head.path) ?? head.path)
  const target = head.target.includes('?') ? `${path}?${head.query}` : path
  return { status: 301, headers: `Location: https://${authority}${target}\r\n`, body: '' }
}
