import type {
  CreateOrchestrationResponse,
  OrchestrationApiInfo,
  OrchestrationBaseResp,
} from '../../contract/generated/schemas.js'
import type { AttachedApi, Orchestration } from '../../store/orchestrations.js'
import { readTime } from '../time.js'

type Time = (moment: number) => string

/** As lists show it: without its map. */
export function listedOrchestrationView(rule: Orchestration, time: Time): OrchestrationBaseResp {
  return {
    orchestration_id: rule.id,
    orchestration_name: rule.name,
    orchestration_strategy: rule.strategy,
    ...(rule.mappedParam && { orchestration_mapped_param: rule.mappedParam }),
    is_preprocessing: rule.isPreprocessing,
    orchestration_create_time: time(rule.createdAt),
    orchestration_update_time: time(rule.updatedAt),
  }
}

export function orchestrationView(rule: Orchestration, time: Time): CreateOrchestrationResponse {
  return {
    ...listedOrchestrationView(rule, time),
    ...(rule.map.length > 0 && { orchestration_map: [...rule.map] }),
  }
}

export function attachedApiView({ id, name, attached_at, ...api }: AttachedApi): OrchestrationApiInfo {
  return { api_id: id, api_name: name, ...api, attached_time: readTime(attached_at) }
}
