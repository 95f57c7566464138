/** The one place that decides which code an unacceptable parameter gets, and under which name (errors.md §3). */
import { fault, type Fault } from './faults.js'
import { operations, type OperationId } from './generated/operations.js'
import {
  actionVariants,
  appReportedAsId,
  bodyIdWithBodyCode,
  bodyWithQueryCode,
  familiesWithBounds,
  nameFilterWithBodyCode,
  pathReportedAsId,
  pathWithBodyCode,
  unchangedNames,
} from './parameter-exceptions.js'
import type { Problem } from './problem.js'

export type Place = 'path' | 'query' | 'body'

/** Pure: the same problem in the same place of the same operation is always the same fault. */
export function parameterFault(id: OperationId, place: Place, problem: Problem): Fault {
  if (operations[id].errorFamily === 'APIC') return instanceLevelFault(problem)
  switch (place) {
    case 'path':
      return pathFault(id, problem.field)
    case 'query':
      return queryFault(id, problem)
    case 'body':
      return bodyFault(id, problem)
  }
}

/** A body that is not JSON, or is empty where an object is needed. */
export function serializationFault(id: OperationId, detail: string): Fault {
  return operations[id].errorFamily === 'APIC'
    ? fault('APIC.7211', { name: 'body' })
    : fault('APIG.2000', { detail }, 'serialization')
}

/** A member of a body, or the items of a list of the body, that hold an id: it has to look like one. */
export function isIdName(name: string): boolean {
  return name === 'id' || name.endsWith('_id') || name.endsWith('_ids')
}

function instanceLevelFault({ kind, field }: Problem): Fault {
  if (field === 'available_zone_ids' && kind === 'missing') return fault('APIC.7238')
  if (field === 'spec_id' && kind === 'value') return fault('APIC.7301')
  return fault('APIC.7211', { name: field === '' ? 'body' : unchangedNames.has(field) ? field : camelCase(field) })
}

const camelCase = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

function pathFault(id: OperationId, field: string): Fault {
  const asId = pathReportedAsId.has(field) || (field === 'app_id' && appReportedAsId.has(id))
  const name = asId ? 'id' : field
  return pathWithBodyCode.has(field) ? fault('APIG.2011', { name }) : fault('APIG.2012', { name })
}

function queryFault(id: OperationId, { field, kind }: Problem): Fault {
  if (field === 'action' && id in actionVariants)
    return fault('APIG.2011', {}, actionVariants[id as keyof typeof actionVariants])
  const isName = field === 'name' || field.endsWith('_name')
  return kind !== 'missing' && isName && nameFilterWithBodyCode.has(id)
    ? fault('APIG.2011', { name: field })
    : fault('APIG.2012', { name: field })
}

function bodyFault(id: OperationId, { kind, field: name, detail }: Problem): Fault {
  if (id === 'updateSlDomainSettingV2' && name === 'sl_domain_access_enabled')
    return fault('APIG.2011', { name }, 'short')
  const { tag } = operations[id]
  switch (kind) {
    case 'missing':
      if (operations[id].body === 'multipart' && name === 'file_name') return fault('APIG.3609')
      // A list of exactly one: none is as wrong as two.
      if (name === 'certificate_ids') return fault('APIG.2012', { name })
      return tag === 'VPC channels' ? fault('APIG.2001', { name }, 'vpcChannel') : fault('APIG.2001', { name })
    case 'type':
      // An id of another type cannot be told from a malformed one.
      return name.endsWith('_ids') ? valueFault(id, name) : serializationFault(id, detail)
    case 'small':
    case 'large':
      if (name === 'weight') return fault('APIG.2004', { name })
      if (!familiesWithBounds.has(tag)) return valueFault(id, name)
      return kind === 'small' ? fault('APIG.2002', { name }) : fault('APIG.2003', { name })
    case 'value':
      return valueFault(id, name)
  }
}

function valueFault(id: OperationId, name: string): Fault {
  // Names in these are what can be wrong with them.
  if (id === 'debugApiV2' && (name === 'header' || name === 'query')) return fault('APIG.2030')
  if (id === 'associateDomainV2' && name === 'url_domain') return fault('APIG.2024')
  if (id === 'updateEnvironmentVariableV2') return fault('APIG.2012', { name }, 'short')
  const ownCode = bodyIdWithBodyCode[id]?.includes(name) ?? false
  return bodyWithQueryCode.has(id) || (isIdName(name) && !ownCode)
    ? fault('APIG.2012', { name })
    : fault('APIG.2011', { name })
}
