import { fault } from '../../contract/faults.js'
import { findAppQuota, isAppQuotaNameTaken, type AppQuota } from '../../store/app-quotas.js'
import { countIn } from '../../store/counts.js'
import type { OperationContext } from '../operation.js'

/** Quotas of an instance (quotas.md §2); no record tells it. */
const MOST_QUOTAS = 300

export async function mayBeOneMore({ db, instanceId }: OperationContext): Promise<void> {
  if ((await countIn(db, 'app_quotas', instanceId)) >= MOST_QUOTAS) throw fault('APIG.3100')
}

export async function nameIsFree({ db, instanceId }: OperationContext, name: string, except?: string): Promise<void> {
  if (await isAppQuotaNameTaken(db, instanceId, name, except)) throw fault('APIG.3325')
}

/** A moment of the calendar as `YYYY-MM-DD HH:MM:SS`; any other form is refused, whatever else names a moment. */
export function resetTimeIsMoment(text: string | undefined): void {
  if (text !== undefined && !isMoment(text)) throw fault('APIG.2011', { name: 'reset_time' })
}

/** Days that a month has not are moved to the next month by the parser, and so come back as another text. */
function isMoment(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return false
  const moment = new Date(`${text.replace(' ', 'T')}Z`)
  return !Number.isNaN(moment.getTime()) && moment.toISOString().slice(0, 19) === text.replace(' ', 'T')
}

/** @param variant `binding` on the operations on the apps of a quota, which have a text of their own. */
export async function theQuota(
  { db, instanceId }: OperationContext,
  id: string,
  variant: 'default' | 'binding' = 'default',
): Promise<AppQuota> {
  const quota = await findAppQuota(db, instanceId, id)
  if (quota === undefined) throw fault('APIG.3093', { id }, variant)
  return quota
}
