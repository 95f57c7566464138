import type { Database } from './store.js'

/** Resources that an instance has a quota of as a whole. */
export type CountedTable =
  | 'acls'
  | 'api_groups'
  | 'apis'
  | 'app_quotas'
  | 'apps'
  | 'authorizers'
  | 'environments'
  | 'ingress_ports'
  | 'orchestrations'
  | 'plugins'
  | 'signs'
  | 'throttles'
  | 'vpc_channels'

/** How many an instance has. */
export async function countIn(db: Database, table: CountedTable, instanceId: string): Promise<number> {
  const { count } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('instance_id', '=', instanceId)
    .executeTakeFirstOrThrow()
  return count
}

/** How many of its APIs are published in one environment. */
export async function countPublishedIn(db: Database, instanceId: string, envId: string): Promise<number> {
  const { count } = await db
    .selectFrom('publications')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('instance_id', '=', instanceId)
    .where('env_id', '=', envId)
    .executeTakeFirstOrThrow()
  return count
}
