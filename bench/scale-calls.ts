/** The calls that are measured, each as a client makes it. */
import type { Control } from './control.js'
import { names, RELEASE, type Crowd, type Model } from './crowd.js'
import type { Management } from './management.js'

export interface Measured {
  readonly name: string
  /** Milliseconds from sending to the last byte of the reply, as the client sees them. */
  readonly median: number
  readonly p95: number
  /** Milliseconds of CPU in the control process for one call, on the average. */
  readonly cpu: number
}

type Measure = (round: number) => Promise<unknown>

/** One kind of call after the other; of each, two calls that do not count and then `rounds` that do. */
export async function* measurements(
  control: Control,
  of: Model,
  size: Crowd,
  rounds: number,
  only: string,
): AsyncGenerator<Measured> {
  for (const [name, call] of [...lists(control.call, of, size), ...writes(control.call, size)]) {
    if (!name.includes(only)) continue
    const times: number[] = []
    let cpu = 0
    for (let round = 0; round < rounds + WARM_UP; round += 1) {
      if (round === WARM_UP) cpu = control.cpu()
      const from = performance.now()
      await call(round)
      if (round >= WARM_UP) times.push(performance.now() - from)
    }
    times.sort((a, b) => a - b)
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? NaN
    yield { name, median: at(0.5), p95: at(0.95), cpu: (control.cpu() - cpu) / rounds }
  }
}

const WARM_UP = 2

function lists(call: Management, of: Model, { apis, groups }: Crowd): [string, Measure][] {
  const far = apis - 1_000
  const half = Math.floor(apis / 2) - 1_000
  const paths: [string, string][] = [
    ['APIs', 'apis'],
    [`APIs, offset ${far}`, `apis?offset=${far}`],
    [`APIs, offset ${far}, limit 500`, `apis?offset=${far}&limit=500`],
    ['APIs by part of the name', 'apis?name=_4999'],
    ['APIs by the whole name', 'apis?name=api_4999&precise_search=name'],
    ['APIs by part of the path', 'apis?req_uri=%2F4999%2F'],
    ['APIs of a group', `apis?group_id=${names.group(7)}`],
    ['APIs by method and authentication', 'apis?req_method=GET&auth_type=APP'],
    ['APIs of an environment', `apis?env_id=${RELEASE}`],
    [`APIs of an environment, offset ${half}`, `apis?env_id=${RELEASE}&offset=${half}`],
    ['APIs with a frequent tag', 'apis?tags=blue'],
    ['APIs with a rare tag', 'apis?tags=colour_7'],
    ['APIs without tags', 'apis?tags=%23no_tags%23'],
    ['APIs of an environment without tags', `apis?env_id=${RELEASE}&tags=%23no_tags%23`],
    ['APIs by the name of a channel', 'apis?vpc_channel_name=nothing'],
    ['one API', `apis/${names.api(4999)}`],
    ['groups', 'api-groups'],
    [`groups, offset ${groups - 100}`, `api-groups?offset=${groups - 100}&limit=100`],
    ['groups by part of the name', 'api-groups?name=_99'],
    ['one group', `api-groups/${names.group(7)}`],
    ['versions of an API', `apis/publish/${names.api(4998)}`],
    ['tags', 'tags?limit=500'],
    ['number of APIs', 'resources/outline/apis'],
    ['number of groups', 'resources/outline/groups'],
    ['number of apps', 'resources/outline/apps'],
    ['quotas and their use', 'project/configs?limit=500'],
    ['variables of a group', `env-variables?group_id=${names.group(7)}`],
    ['throttles', 'throttles'],
    ['APIs of a throttle', `throttle-bindings/binded-apis?throttle_id=${of.throttleId}`],
    ['APIs of a throttle, far', `throttle-bindings/binded-apis?throttle_id=${of.throttleId}&offset=${half / 2}`],
    ['APIs of a throttle by name', `throttle-bindings/binded-apis?throttle_id=${of.throttleId}&api_name=_4999`],
    ['APIs for a throttle', `throttle-bindings/unbinded-apis?throttle_id=${of.throttleId}`],
    ['APIs for a throttle, far', `throttle-bindings/unbinded-apis?throttle_id=${of.throttleId}&offset=${half / 2}`],
    [
      'APIs for a throttle by group',
      `throttle-bindings/unbinded-apis?throttle_id=${of.throttleId}&group_id=${names.group(6)}`,
    ],
    ['throttles of an API', `throttle-bindings/binded-throttles?api_id=${names.api(4996)}`],
    ['APIs of an ACL', `acl-bindings/binded-apis?acl_id=${of.aclId}`],
    ['APIs for an ACL', `acl-bindings/unbinded-apis?acl_id=${of.aclId}`],
    ['APIs for an ACL, far', `acl-bindings/unbinded-apis?acl_id=${of.aclId}&offset=${half / 2}`],
    ['APIs of a signature', `sign-bindings/binded-apis?sign_id=${of.signId}`],
    ['APIs for a signature', `sign-bindings/unbinded-apis?sign_id=${of.signId}`],
    ['APIs of an app', `app-auths/binded-apis?app_id=${of.appId}`],
    ['APIs for an app', `app-auths/unbinded-apis?app_id=${of.appId}&env_id=${RELEASE}`],
    ['APIs for an app by name', `app-auths/unbinded-apis?app_id=${of.appId}&env_id=${RELEASE}&api_name=_4998`],
    ['apps of an API', `app-auths/binded-apps?api_id=${names.api(5000)}`],
    ['APIs of a plug-in', `plugins/${of.pluginId}/attached-apis`],
    ['APIs for a plug-in', `plugins/${of.pluginId}/attachable-apis?env_id=${RELEASE}`],
    ['apps', 'apps'],
  ]
  return paths.map(([name, path]) => [name, () => call('GET', path)])
}

/** Each round takes another API, so that no call finds the work done. */
function writes(call: Management, { groups }: Crowd): [string, Measure][] {
  const made: string[] = []
  const nth = (round: number) => made[round] ?? ''
  const definition = (round: number) => ({
    ...{ group_id: names.group(3), name: `written_${round}`, type: 1, req_protocol: 'HTTP', req_method: 'GET' },
    ...{ req_uri: `/written/${round}`, auth_type: 'NONE', backend_type: 'MOCK', mock_info: { result_content: 'x' } },
  })
  const action = (api_id: string, wanted: string) =>
    call('POST', 'apis/action', { action: wanted, env_id: RELEASE, api_id })
  const batch = (round: number, wanted: string) =>
    call('POST', `apis/publish?action=${wanted}`, { env_id: RELEASE, group_id: names.group((2 * round + 1) % groups) })
  return [
    ['create an API', async (round) => made.push(String((await call('POST', 'apis', definition(round)))['id']))],
    ['check a name', () => call('POST', 'apis/check', { type: 'name', name: 'free' })],
    ['update an API', (round) => call('PUT', `apis/${nth(round)}`, { ...definition(round), remark: 'changed' })],
    ['publish an API', (round) => action(nth(round), 'online')],
    ['take an API offline', (round) => action(nth(round), 'offline')],
    ['delete an API', (round) => call('DELETE', `apis/${nth(round)}`)],
    ['publish a group of 50', (round) => batch(round, 'online')],
    ['take a group of 50 offline', (round) => batch(round, 'offline')],
    ['create a group', (round) => call('POST', 'api-groups', { name: `written_${round}` })],
  ]
}
