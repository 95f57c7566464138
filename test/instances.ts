/** Further instances for tests, and what instance-level operations refuse. */
import type { CallReply, TestManagement } from './management.js'

export const wantedInstance = (more: object = {}) => ({
  instance_name: 'apig-demo',
  spec_id: 'BASIC',
  vpc_id: '0957108c-257c-4ce0-9e93-527d279ce763',
  subnet_id: 'a938121c-11c4-4c91-b983-bc9acd347bb5',
  security_group_id: '36d0ec18-bd10-4da7-86f3-ad7a5ddc55d7',
  available_zone_ids: ['local-1a', 'local-1b'],
  ...more,
})

/** Creates an instance; resolves to its id. */
export async function anInstance(sluice: TestManagement, more: object = {}): Promise<string> {
  const { instance_id } = (await sluice.given('createInstanceV2', { body: wantedInstance(more) })) as {
    instance_id: string
  }
  return instance_id
}

/** Status and error code of a reply. */
export async function refusalOf(reply: Promise<CallReply>): Promise<[status: number, code: unknown]> {
  const answer = await reply
  return [answer.status, (answer.body as { error_code?: unknown } | undefined)?.error_code]
}
