/** What gateways find out about members of channels, on its way to control. */
import { z } from 'zod'
import type { MemberState } from '../telemetry/member-states.js'
import { readReport } from './read-report.js'

/** All that a gateway process knows: what it does not name, it does not check any more. */
export interface MemberReport {
  /** Made anew by each gateway process. */
  readonly sender: string
  readonly states: readonly MemberState[]
}

const reportSchema = z.strictObject({
  sender: z.string().min(1).max(64),
  states: z.array(
    z.strictObject({
      channelId: z.string().max(64),
      memberId: z.string().max(64),
      address: z.string().max(300),
      healthy: z.boolean(),
    }),
  ),
})

export function parseMemberReport(body: unknown): MemberReport | undefined {
  return readReport(reportSchema, body)
}
