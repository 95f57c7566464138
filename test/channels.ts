/** Channels, and APIs that call through them. */
import type { TestManagement } from './management.js'

type Attributes = Readonly<Record<string, unknown>>

/** The body of a request that creates or updates a channel of addresses. */
export const channel = (attributes: Attributes = {}): Attributes => ({
  name: 'channel_1',
  port: 8080,
  balance_strategy: 1,
  member_type: 'ip',
  ...attributes,
})

export async function aChannel(sluice: TestManagement, attributes: Attributes = {}): Promise<string> {
  const created = (await sluice.given('createVpcChannelV2', { body: channel(attributes) })) as { id: string }
  return created.id
}

/** Attributes of an API whose back end is a channel. */
export const byChannel = (id: string, attributes: Attributes = {}) => ({
  backend_type: 'HTTP',
  mock_info: undefined,
  backend_api: {
    vpc_channel_status: 1,
    vpc_channel_info: { vpc_channel_id: id },
    req_protocol: 'HTTP',
    req_method: 'GET',
    req_uri: '/',
    timeout: 5000,
    ...attributes,
  },
})

/** The path of an operation on a channel. */
export const at = (vpc_channel_id: string) => ({ path: { vpc_channel_id } })
