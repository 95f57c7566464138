/** Every operation that has a handler: one line for a resource family. */
import type { OperationId } from '../contract/generated/operations.js'
import { aclOperations } from './acls/operations.js'
import { aiApiKeyOperations } from './ai-api-keys/operations.js'
import { appAuthOperations } from './app-auths/operations.js'
import { appQuotaOperations } from './app-quotas/operations.js'
import { appOperations } from './apps/operations.js'
import { authorizerOperations } from './authorizers/operations.js'
import { certificateOperations } from './certificates/operations.js'
import { configOperations } from './configs/operations.js'
import { domainOperations } from './domains/operations.js'
import { debuggingOperations } from './debugging/operations.js'
import { environmentOperations } from './environments/operations.js'
import { variableOperations } from './environments/variables.js'
import { featureOperations } from './features/operations.js'
import { gatewayResponseOperations } from './gateway-responses/operations.js'
import { groupOperations } from './groups/operations.js'
import { instanceOperations } from './instances/operations.js'
import { apiOperations } from './apis/operations.js'
import { asyncTaskOperations, asyncTaskStarters } from './async-tasks/operations.js'
import { microserviceOperations } from './microservices/operations.js'
import { networkOperations } from './network/operations.js'
import { instanceTagOperations } from './instance-tags/operations.js'
import { metricOperations } from './metrics/operations.js'
import { orchestrationOperations } from './orchestrations/operations.js'
import { openApiOperations } from './openapi/operations.js'
import { orderOperations } from './orders/operations.js'
import { pluginOperations } from './plugins/operations.js'
import { publicationOperations } from './publications/operations.js'
import type { Handlers, LongHandlers } from './operation.js'
import { signOperations } from './signs/operations.js'
import { statisticsOperations } from './statistics/operations.js'
import { throttleOperations } from './throttles/operations.js'
import { vpcChannelOperations } from './vpc-channels/operations.js'

export const handlers: Handlers = {
  ...apiOperations,
  ...publicationOperations,
  ...instanceOperations,
  ...featureOperations,
  ...configOperations,
  ...environmentOperations,
  ...variableOperations,
  ...groupOperations,
  ...gatewayResponseOperations,
  ...domainOperations,
  ...certificateOperations,
  ...appOperations,
  ...appAuthOperations,
  ...throttleOperations,
  ...aclOperations,
  ...signOperations,
  ...appQuotaOperations,
  ...aiApiKeyOperations,
  ...pluginOperations,
  ...microserviceOperations,
  ...asyncTaskOperations,
  ...networkOperations,
  ...orderOperations,
  ...instanceTagOperations,
  ...metricOperations,
  ...statisticsOperations,
  ...vpcChannelOperations,
  ...authorizerOperations,
  ...orchestrationOperations,
}

export const longHandlers: LongHandlers = {
  ...openApiOperations,
  ...asyncTaskStarters,
  ...debuggingOperations,
}

export const isHandled = (id: OperationId): boolean => handlers[id] !== undefined || longHandlers[id] !== undefined
