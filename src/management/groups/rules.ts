import { fault } from '../../contract/faults.js'
import type { ApiGroupRow } from '../../store/schema.js'

/** The group that came with the instance stays. Throws 403 APIG.1101. */
export function isNotDefault({ is_default }: ApiGroupRow): void {
  if (is_default === 1) throw fault('APIG.1101')
}

/** The group that came with the instance keeps its name; its remark may change. Throws 403 APIG.1101. */
export function keepsName(group: ApiGroupRow, name: string): void {
  if (name !== group.name) isNotDefault(group)
}
