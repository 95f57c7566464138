/** Definitions of APIs as clients send them, small but complete. */
import type { ApiCreate } from '../src/contract/generated/schemas.js'

let serial = 0

/** An API of the group with an HTTP back end; name and path are its own unless given. */
export function httpApi(groupId: string, overrides: Partial<ApiCreate> = {}): ApiCreate {
  serial += 1
  return {
    name: `Api_${serial}`,
    type: 1,
    req_protocol: 'BOTH',
    req_method: 'GET',
    req_uri: `/test/${serial}`,
    auth_type: 'NONE',
    backend_type: 'HTTP',
    group_id: groupId,
    backend_api: {
      url_domain: '127.0.0.1:8080',
      req_protocol: 'HTTP',
      req_method: 'GET',
      req_uri: '/backend',
      timeout: 5000,
    },
    ...overrides,
  }
}

/** An API of the group that answers by itself. */
export function mockApi(groupId: string, overrides: Partial<ApiCreate> = {}): ApiCreate {
  const { backend_api: _, ...api } = httpApi(groupId)
  return { ...api, backend_type: 'MOCK', mock_info: { result_content: 'mocked' }, ...overrides }
}
