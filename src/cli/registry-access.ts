import type { Settings } from '../config/settings.js'
import { forbiddenAddresses } from '../gateway/backends/forbidden-addresses.js'
import { guardedLookup } from '../gateway/backends/guarded-lookup.js'
import type { RegistryAccess } from '../registries/follow.js'
import { clusterAround } from '../registries/kubernetes/api-client.js'

/** Which cluster is followed, and which addresses may be asked: registries are named like backends, by users. */
export function registryAccess(settings: Settings): RegistryAccess {
  const forbidden = forbiddenAddresses(settings.forbiddenBackends)
  return {
    cluster:
      settings.kubernetesUrl === undefined
        ? clusterAround(process.env)
        : {
            url: settings.kubernetesUrl,
            tokenFile: settings.kubernetesTokenFile,
            caFile: settings.kubernetesCaFile,
          },
    guard: { isForbidden: (address) => forbidden.has(address), lookup: guardedLookup(forbidden) },
  }
}
