import type { Vault } from '../../config/vault.js'
import type { RegistryTarget } from '../../registries/follow.js'
import { nacosPasswordContext, type VpcChannel } from '../../store/vpc-channels.js'

/** Which label of pods `app_name` is the value of, where no other is named. */
const APP_LABEL = 'app'

/**
 * Where a channel's members are registered; undefined where nobody can ask: engines of CSE are known to the cloud alone.
 *
 * @throws when the password was sealed with another key
 */
export function targetOf({ id, microservice }: VpcChannel, vault: Vault): RegistryTarget | undefined {
  const { cce_info: cce, cce_service_info: service, nacos_info: nacos, nacosPasswordSealed } = microservice ?? {}
  switch (microservice?.service_type) {
    case 'CCE':
      return (
        cce && {
          kind: 'workload',
          namespace: cce.namespace,
          workloadType: cce.workload_type,
          label: cce.label_key ?? APP_LABEL,
          value: cce.label_value ?? cce.app_name ?? '',
        }
      )
    case 'CCE_SERVICE':
      return service && { kind: 'service', namespace: service.namespace, service: service.service_name }
    case 'NACOS':
      return (
        nacos && {
          kind: 'nacos',
          servers: nacos.server_config.map(({ ip_address, port }) => ({ host: ip_address, port })),
          namespace: nacos.namespace ?? '',
          group: nacos.group_name ?? '',
          cluster: nacos.cluster_name ?? '',
          service: nacos.service_name,
          user: nacos.user_info.user_name,
          password: nacosPasswordSealed === undefined ? '' : vault.open(nacosPasswordSealed, nacosPasswordContext(id)),
        }
      )
    case 'CSE':
    case undefined:
      return undefined
  }
}
