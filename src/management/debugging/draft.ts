/** A draft as a publication that only its owner can call, once. */
import { randomBytes } from 'node:crypto'
import type { ApiDocument } from '../../contract/api-document.js'
import { fault } from '../../contract/faults.js'
import { compileDefinition } from '../../snapshot/compile.js'
import { draftEnvironment, type PublicationPart } from '../../snapshot/parts.js'
import { variableNames } from '../../snapshot/variables.js'
import { orchestrationsAmong } from '../../store/orchestrations.js'
import type { OperationContext } from '../operation.js'
import { orchestrationRules } from '../orchestrations/rule-part.js'

export interface Draft {
  /** Name of the environment that it is in. */
  readonly stage: string
  readonly part: PublicationPart
}

/**
 * Its owner calls it: nobody has to prove anything, and no policy is bound to it.
 *
 * @throws {Fault} 400 2030 when it uses variables, which have values in real environments only
 */
export async function draftOf({ db, instanceId }: OperationContext, document: ApiDocument): Promise<Draft> {
  if (variableNames(document).length > 0) throw fault('APIG.2030')
  const rules = document.req_params.flatMap(({ orchestrations = [] }) => orchestrations)
  const known = await orchestrationsAmong(db, instanceId, [...new Set(rules)])
  const { authorizer_id: _, ...definition } = compileDefinition(document, {}, orchestrationRules(known))
  const stage = randomBytes(16).toString('hex')
  return {
    stage,
    part: {
      kind: 'publication',
      instanceId,
      groupId: document.group_id,
      apiId: document.id,
      environmentId: draftEnvironment(stage),
      publishId: '',
      versionId: '',
      definition: { ...definition, auth_type: 'NONE', app_code_auth_type: 'DISABLE' },
    },
  }
}
