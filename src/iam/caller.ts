/** Who sent a request to the management plane, once it is authenticated. */
export interface Caller {
  readonly userId: string
  readonly userName: string
  readonly domainId: string
  readonly domainName: string
  readonly projectId: string
  readonly role: 'full' | 'readonly'
}
