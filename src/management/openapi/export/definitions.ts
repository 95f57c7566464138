/** Policies, plug-ins and gateway responses beside the operations (openapi-extensions.md §4.1). */
import { overridesOf } from '../../gateway-responses/overrides.js'
import { present } from '../node.js'
import { withoutSecrets } from '../../plugins/secrets.js'
import { hasPolicies, type ExportContent, type ExportedThrottle } from './content.js'

type Exported = Record<string, unknown>

/** What stands at the root in either version. */
export function definitionsOf(content: ExportContent): Exported {
  if (!hasPolicies(content)) return {}
  return {
    ...section(
      'x-apigateway-ratelimits',
      [...content.throttles.values()].map((one) => [one.throttle.name, throttleOf(one)]),
    ),
    ...section(
      'x-apigateway-access-controls',
      [...content.acls.values()].map((acl) => [
        acl.name,
        { 'acl-type': acl.acl_type, 'entity-type': acl.entity_type, value: acl.value },
      ]),
    ),
    ...section(
      'x-apigateway-plugins',
      [...content.plugins.values()].map(({ name, type, scope, content: text, remark }) => [
        name,
        present({ type, scope, content: withoutSecrets(type, text), remark: remark || undefined }),
      ]),
    ),
  }
}

/** Undefined when the export says nothing about them. */
export function responsesOf(content: ExportContent): Exported | undefined {
  if (!hasPolicies(content)) return undefined
  return Object.fromEntries(content.responses.map((row) => [row.name, overridesOf(row)]))
}

function section(name: string, definitions: readonly [string, Exported][]): Exported {
  return definitions.length === 0 ? {} : { [name]: Object.fromEntries(definitions) }
}

/** A limit of 0 is none. */
function throttleOf({ throttle, specials }: ExportedThrottle): Exported {
  return present({
    'api-limit': throttle.api_call_limits,
    'user-limit': throttle.user_call_limits || undefined,
    'app-limit': throttle.app_call_limits || undefined,
    'ip-limit': throttle.ip_call_limits || undefined,
    interval: throttle.time_interval,
    unit: throttle.time_unit,
    shared: throttle.type === 2,
    description: throttle.remark || undefined,
    special:
      specials.length === 0
        ? undefined
        : specials
            .map(({ object_type, object_id, call_limits }) => ({
              type: object_type,
              instance: object_id,
              limit: call_limits,
            }))
            .toSorted((a, b) => `${a.type} ${a.instance}`.localeCompare(`${b.type} ${b.instance}`, 'en')),
  })
}
