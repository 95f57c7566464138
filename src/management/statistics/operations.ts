import { countAuthorizedApps } from '../../store/apps.js'
import { countIn, countPublishedIn } from '../../store/counts.js'
import { RELEASE } from '../../store/environments.js'
import { minutesOfApi, minutesOfGroup } from '../../store/statistics.js'
import type { Handlers, OperationContext } from '../operation.js'
import { theApi, theGroup } from '../references.js'
import { minutesOf, windowOf } from './rules.js'
import { apiMinuteView, groupMinuteView, type StatisticsScope } from './views.js'

const SUCCESS = 'APIG.0000'
const HOUR = 60
/** UTC+8, in minutes. */
const DEFAULT_OFFSET = 480

export const statisticsOperations = {
  listLatelyApiStatisticsV2: async ({ query }, context) => {
    const window = windowOf(context.now, minutesOf(query.duration))
    await theApi(context, query.api_id)
    const minutes = await minutesOfApi(context.db, query.api_id, window)
    const list = minutes.map((minute) => apiMinuteView(minute, scopeOf(context)))
    return { status: 200, body: { code: SUCCESS, start_time: window.from, end_time: window.to, list } }
  },

  listLatelyGroupStatisticsV2: async ({ query }, context) => {
    const window = windowOf(context.now, HOUR)
    await theGroup(context, query.group_id)
    const minutes = await minutesOfGroup(context.db, query.group_id, window)
    const list = minutes.map((minute) => groupMinuteView(minute, query.group_id, scopeOf(context)))
    return { status: 200, body: { code: SUCCESS, start_time: window.from, end_time: window.to, list } }
  },

  /** Nothing is on sale: there is no marketplace. */
  listApiGroupsQuantitiesV2: async (_request, { db, instanceId }) => ({
    status: 200,
    body: { offsell_nums: await countIn(db, 'api_groups', instanceId), onsell_nums: 0 },
  }),

  listApiQuantitiesV2: async (_request, { db, instanceId }) => {
    const all = await countIn(db, 'apis', instanceId)
    const released = await countPublishedIn(db, instanceId, RELEASE.id)
    return { status: 200, body: { instance_num: all, nums_on_release: released, nums_off_release: all - released } }
  },

  listAppQuantitiesV2: async (_request, { db, instanceId }) => {
    const authorized = await countAuthorizedApps(db, instanceId)
    const all = await countIn(db, 'apps', instanceId)
    return { status: 200, body: { authed_nums: authorized, unauthed_nums: all - authorized } }
  },
} satisfies Handlers

function scopeOf({ projectId, settings }: OperationContext): StatisticsScope {
  return { projectId, offset: (settings.statisticsOffset ?? DEFAULT_OFFSET) * 60_000 }
}
