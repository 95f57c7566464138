/** A token as IAM shows it (authentication.md §1.2). The token itself is never in it. */
import type { Identity, Token } from '../store/iam.js'
import { digestId } from './random-text.js'

export interface TokenViewOptions {
  /** `https://host[:port]` under which the caller reached this server. */
  readonly origin: string
  readonly region: string
  readonly withCatalog: boolean
}

export function tokenView(identity: Identity, token: Token, { origin, region, withCatalog }: TokenViewOptions) {
  const domain = { id: identity.domainId, name: identity.domainName }
  return {
    token: {
      expires_at: microseconds(token.expiresAt),
      issued_at: microseconds(token.issuedAt),
      methods: token.methods,
      ...(withCatalog ? { catalog: catalog(origin, region, token.project?.id) } : {}),
      ...(token.project === undefined
        ? { domain }
        : { project: { id: token.project.id, name: token.project.name, domain } }),
      user: { id: identity.userId, name: identity.userName, password_expires_at: '', domain },
      roles: identity.role === 'full' ? FULL : READ_ONLY,
    },
  }
}

/** By the names of the cloud's roles: account owner and APIG administrator, or tenant guest. */
const FULL = [
  { id: '0', name: 'te_admin' },
  { id: '1', name: 'apig_adm' },
]
const READ_ONLY = [{ id: '2', name: 'readonly' }]

function catalog(origin: string, region: string, projectId: string | undefined) {
  const entry = (name: string, type: string, where: string, url: string) => ({
    id: digestId(`service ${name}`),
    name,
    type,
    endpoints: [
      { id: digestId(`endpoint ${name} ${where}`), interface: 'public', region: where, region_id: where, url },
    ],
  })
  const iam = entry('iam', 'identity', '*', `${origin}/v3`)
  return projectId === undefined ? [iam] : [iam, entry('apig', 'apig', region, `${origin}/v2/${projectId}`)]
}

/** `2019-02-13T06:52:13.855000Z`. */
export const microseconds = (time: number): string => new Date(time).toISOString().replace('Z', '000Z')
