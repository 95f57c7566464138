import type { ImportApiDefinitionsV2RequestBody } from '../../../contract/generated/schemas.js'

/** How a file is imported (openapi-extensions.md §2.1). */
export interface ImportOptions {
  /** The group that APIs come into; undefined: a new one, named by the file. */
  readonly groupId: string | undefined
  /** Whether definitions of policies replace those of the same name. */
  readonly overridesPolicies: boolean
  /** Whether APIs replace those at the same address. */
  readonly overridesApis: boolean
  /** Whether what is mandatory may be missing. */
  readonly isSimple: boolean
  /** Whether APIs answer by themselves, whatever back end the file gives them. */
  readonly isMock: boolean
}

export function importOptions(form: Omit<ImportApiDefinitionsV2RequestBody, 'file_name'>): ImportOptions {
  return {
    groupId: form.is_create_group === false ? (form.group_id ?? '') : undefined,
    overridesPolicies: form.extend_mode === 'override',
    overridesApis: form.api_mode === 'override',
    isSimple: form.simple_mode === true,
    isMock: form.mock_mode === true,
  }
}
