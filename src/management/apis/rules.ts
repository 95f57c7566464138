/** What must hold inside one definition, whatever else exists: lifecycle.md §5.1. */
import { fault } from '../../contract/faults.js'
import type { ApiCreate } from '../../contract/generated/schemas.js'
import { defaultBackendFits, policyBackendsFit } from './backends.js'
import { requestParametersFit } from './parameters.js'
import { frontendPathIsValid } from './path.js'

/**
 * @param longest the most milliseconds that the feature `backend_timeout` allows a back end
 * @throws {Fault} the first rule that is broken: path, protocol, request parameters, back end, policies
 */
export function definitionIsConsistent(api: ApiCreate, longest: number): void {
  frontendPathIsValid(api.req_uri, api.match_mode ?? 'NORMAL')
  protocolsFit(api)
  if (api.is_send_fg_body_base64 === false && api.content_type !== 'application/json')
    throw fault('APIG.2011', { name: 'is_send_fg_body_base64' })
  requestParametersFit(api)
  defaultBackendFits(api, longest)
  policyBackendsFit(api, longest)
}

/** gRPC at the front needs gRPC or a function behind, and can be neither described by samples nor custom-authorized. */
function protocolsFit(api: ApiCreate): void {
  const isGrpc = api.req_protocol === 'GRPCS'
  if (!isGrpc && api.backend_type === 'GRPC') throw fault('APIG.2011', { name: 'req_protocol' })
  if (!isGrpc) return
  if (api.backend_type !== 'GRPC' && api.backend_type !== 'FUNCTION') throw fault('APIG.2011', { name: 'backend_type' })
  if (api.auth_type === 'AUTHORIZER') throw fault('APIG.2011', { name: 'auth_type' })
  for (const sample of ['result_normal_sample', 'result_failure_sample'] as const)
    if (api[sample]) throw fault('APIG.2011', { name: sample })
}
