/** What a gateway process has found out about a member of a channel. */
export interface MemberState {
  readonly memberId: string
  readonly healthy: boolean
}
