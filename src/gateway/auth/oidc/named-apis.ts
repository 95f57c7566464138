/** Plug-ins `oidc_auth` by the APIs that they name: where browsers come back to, and where sessions end. */
import type { PluginPart } from '../../../snapshot/parts.js'
import { member } from '../../features.js'

export interface OidcRoles {
  /** Plug-ins whose logins end at an API. */
  readonly redirect: readonly PluginPart[]
  readonly logout: readonly PluginPart[]
}

const NONE: OidcRoles = { redirect: [], logout: [] }

export class NamedApis {
  readonly #plugins = new Map<string, PluginPart>()

  /** Returns the APIs whose routes are no longer what they were. */
  put(part: PluginPart): readonly string[] {
    if (part.type !== 'oidc_auth') return []
    this.#plugins.set(part.id, part)
    return named(part)
  }

  remove(part: PluginPart): readonly string[] {
    return this.#plugins.delete(part.id) ? named(part) : []
  }

  rolesOf(apiId: string): OidcRoles {
    if (this.#plugins.size === 0) return NONE
    const parts = Array.from(this.#plugins.values())
    return {
      redirect: parts.filter(({ content }) => member(content, 'redirect_api_id') === apiId),
      logout: parts.filter(({ content }) => member(content, 'logout_api_id') === apiId),
    }
  }
}

function named({ content }: PluginPart): readonly string[] {
  const ids = [member(content, 'redirect_api_id'), member(content, 'logout_api_id')]
  return ids.filter((id) => typeof id === 'string')
}
