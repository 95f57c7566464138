import type { Identity } from '../store/iam.js'

/** `full` may do everything, `readonly` what only reads (authentication.md §5). */
export type Role = Identity['role']

/** Who calls the management API. */
export interface Caller {
  readonly userId: string
  readonly userName: string
  readonly domainId: string
  readonly domainName: string
  /** Empty where a call is about no project, or was made with a token for the whole account. */
  readonly projectId: string
  readonly role: Role
}

export const callerOf = ({ enabled: _, ...identity }: Identity, projectId: string): Caller => ({
  ...identity,
  projectId,
})
