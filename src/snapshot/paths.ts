/** Paths on the management listener that only gateways use; they bring the cluster token. */
export const SNAPSHOT_PATH = '/internal/v1/snapshot'
export const STATISTICS_PATH = '/internal/v1/statistics'
export const IDENTITIES_PATH = '/internal/v1/identities'
export const MEMBERS_PATH = '/internal/v1/members'
export const GATEWAYS_PATH = '/internal/v1/gateways'
