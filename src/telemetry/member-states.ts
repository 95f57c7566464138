/** What a gateway process has found out about a member of a channel. */
export interface MemberState {
  readonly channelId: string
  readonly memberId: string
  /** Where it is called: `host:port`. */
  readonly address: string
  readonly healthy: boolean
}
