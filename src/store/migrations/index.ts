import type { Migration } from 'kysely'
import * as initial from './0001-initial.js'
import * as accessPolicies from './0002-access-policies.js'
import * as network from './0003-network.js'
import * as domains from './0004-domains.js'
import * as backends from './0005-backends.js'
import * as plugins from './0006-plugins.js'
import * as authorizerCalls from './0007-authorizer-calls.js'
import * as foundMembers from './0008-found-members.js'
import * as statisticsReports from './0009-statistics-reports.js'
import * as backendBytes from './0010-backend-bytes.js'

/** In the order they run, forward only. A migration that was released is never edited. */
export const migrations: Record<string, Migration> = {
  '0001-initial': initial,
  '0002-access-policies': accessPolicies,
  '0003-network': network,
  '0004-domains': domains,
  '0005-backends': backends,
  '0006-plugins': plugins,
  '0007-authorizer-calls': authorizerCalls,
  '0008-found-members': foundMembers,
  '0009-statistics-reports': statisticsReports,
  '0010-backend-bytes': backendBytes,
}
