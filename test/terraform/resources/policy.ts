/** Policies that are bound to publications, and their bindings: calls as in clients.md §4. */
import type { Document } from '../document.js'
import type { Golangsdk } from '../golangsdk.js'
import { poll, set, type Resource } from '../provider.js'

export interface ThrottlingConfig {
  readonly name: string
  readonly type: string
  readonly period: number
  readonly period_unit: string
  readonly max_api_requests: number
  readonly max_app_requests: number
  readonly max_ip_requests: number
  readonly max_user_requests: number
  readonly description: string
  /** Sets. */
  readonly app_throttles: readonly Special[]
  readonly user_throttles: readonly Special[]
}

interface Special {
  readonly throttling_object_id: string
  readonly max_api_requests: number
}

const TYPES = ['', 'API-based', 'API-shared']

export function apigThrottlingPolicy(sdk: Golangsdk, at: string): Resource<ThrottlingConfig> {
  const throttles = `${at}/throttles`
  const body = (config: ThrottlingConfig) => ({
    name: config.name,
    type: TYPES.indexOf(config.type),
    time_interval: config.period,
    time_unit: config.period_unit,
    api_call_limits: config.max_api_requests,
    remark: config.description,
    ...unlessZero('app_call_limits', config.max_app_requests),
    ...unlessZero('ip_call_limits', config.max_ip_requests),
    ...unlessZero('user_call_limits', config.max_user_requests),
  })
  const wanted = ({ app_throttles, user_throttles }: ThrottlingConfig) => [
    ...app_throttles.map((special) => ({ ...special, object_type: 'APP' })),
    ...user_throttles.map((special) => ({ ...special, object_type: 'USER' })),
  ]
  const specialsOf = (id: string) => sdk.all(`${throttles}/${id}/throttle-specials`, 'throttle_specials')
  const add = (
    id: string,
    { throttling_object_id, max_api_requests, object_type }: Special & { object_type: string },
  ) =>
    sdk.post(
      `${throttles}/${id}/throttle-specials`,
      { object_id: throttling_object_id, object_type, call_limits: max_api_requests },
      { only: [200, 201] },
    )

  return {
    async create(config) {
      const id = (await sdk.post(throttles, body(config))).text('id')
      for (const special of wanted(config)) await add(id, special)
      return id
    },
    /** The list of specials is asked for only when the policy says that there are any. */
    async read(id) {
      const throttle = await sdk.get(`${throttles}/${id}`)
      const specials = throttle.number('is_inclu_special_throttle') === 1 ? await specialsOf(id) : []
      return {
        name: throttle.text('name'),
        type: TYPES[throttle.number('type')],
        period: throttle.number('time_interval'),
        period_unit: throttle.text('time_unit'),
        max_api_requests: throttle.number('api_call_limits'),
        max_app_requests: throttle.number('app_call_limits'),
        max_ip_requests: throttle.number('ip_call_limits'),
        max_user_requests: throttle.number('user_call_limits'),
        description: throttle.text('remark'),
        created_at: throttle.time('create_time'),
        app_throttles: specialsIn(specials, 'APP'),
        user_throttles: specialsIn(specials, 'USER'),
      }
    },
    async update(id, config) {
      await sdk.put(`${throttles}/${id}`, body(config), { only: [200] })
      const known = await specialsOf(id)
      const isSame = (special: Document, other: Special) => special.text('object_id') === other.throttling_object_id
      for (const special of known)
        if (!wanted(config).some((other) => isSame(special, other)))
          await sdk.delete(`${throttles}/${id}/throttle-specials/${special.text('id')}`)
      for (const other of wanted(config)) {
        const special = known.find((one) => isSame(one, other))
        if (special === undefined) await add(id, other)
        else
          await sdk.put(
            `${throttles}/${id}/throttle-specials/${special.text('id')}`,
            { call_limits: other.max_api_requests },
            { only: [200] },
          )
      }
    },
    delete: (id) => sdk.delete(`${throttles}/${id}`),
    async find({ name }) {
      const found = (await sdk.all(throttles, 'throttles', { name })).find((one) => one.text('name') === name)
      return found?.text('id') ?? ''
    },
  }
}

/** Go's `omitempty`: no limit is not sent. */
const unlessZero = (name: string, limit: number) => (limit === 0 ? {} : { [name]: limit })

const specialsIn = (specials: readonly Document[], type: string) =>
  set(
    specials
      .filter((special) => special.text('object_type') === type && special.text('object_name') !== '')
      .map((special) => ({
        throttling_object_id: special.text('object_id'),
        max_api_requests: special.number('call_limits'),
      })),
  )

export interface AclConfig {
  readonly name: string
  readonly type: string
  readonly entity_type: string
  readonly value: string
}

export function apigAclPolicy(sdk: Golangsdk, at: string): Resource<AclConfig> {
  const acls = `${at}/acls`
  const body = ({ name, type, entity_type, value }: AclConfig) => ({
    acl_name: name,
    acl_type: type,
    entity_type,
    acl_value: value,
  })
  return {
    create: async (config) => (await sdk.post(acls, body(config))).text('id'),
    async read(id) {
      const acl = await sdk.get(`${acls}/${id}`)
      return {
        name: acl.text('acl_name'),
        type: acl.text('acl_type'),
        entity_type: acl.text('entity_type'),
        value: acl.text('acl_value'),
        updated_at: acl.time('update_time'),
      }
    },
    update: (id, config) => sdk.put(`${acls}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${acls}/${id}`),
  }
}

export interface SignatureConfig {
  readonly name: string
  readonly type: string
  readonly key?: string
  readonly secret?: string
  readonly algorithm?: string
}

/** There is no detail: it is read from the list, by its id. */
export function apigSignature(sdk: Golangsdk, at: string): Resource<SignatureConfig> {
  const signs = `${at}/signs`
  const body = ({ name, type, key, secret, algorithm }: SignatureConfig) => ({
    name,
    sign_type: type,
    ...(key === undefined ? {} : { sign_key: key }),
    ...(secret === undefined ? {} : { sign_secret: secret }),
    ...(algorithm === undefined ? {} : { sign_algorithm: algorithm }),
  })
  return {
    create: async (config) => (await sdk.post(signs, body(config))).text('id'),
    async read(id) {
      const [sign] = await sdk.list(signs, 'signs', { id })
      return sign === undefined
        ? undefined
        : {
            name: sign.text('name'),
            type: sign.text('sign_type'),
            key: sign.text('sign_key'),
            secret: sign.text('sign_secret'),
            algorithm: sign.text('sign_algorithm'),
            created_at: sign.time('create_time'),
            updated_at: sign.time('update_time'),
          }
    },
    update: (id, config) => sdk.put(`${signs}/${id}`, body(config)),
    delete: (id) => sdk.delete(`${signs}/${id}`),
  }
}

/** What a policy is bound to: publications. */
export interface AssociateConfig {
  readonly policy_id: string
  /** A set. */
  readonly publish_ids: readonly string[]
}

/** The names that three families have for the same calls. */
interface Family {
  readonly path: string
  /** Of the policy, in queries and in bodies. */
  readonly query: string
  readonly body: string
  /** Of the list of bindings, and of a binding's id in it. */
  readonly list: string
  readonly bindingId: string
  readonly unbind: (sdk: Golangsdk, at: string, bindings: readonly string[]) => Promise<void>
}

const oneByOne =
  (path: string): Family['unbind'] =>
  async (sdk, at, bindings) => {
    for (const binding of bindings) await sdk.delete(`${at}/${path}/${binding}`)
  }

export const throttlingBindings: Family = {
  path: 'throttle-bindings',
  query: 'throttle_id',
  body: 'strategy_id',
  list: 'apis',
  bindingId: 'throttle_apply_id',
  unbind: oneByOne('throttle-bindings'),
}

export const signatureBindings: Family = {
  path: 'sign-bindings',
  query: 'sign_id',
  body: 'sign_id',
  list: 'bindings',
  bindingId: 'id',
  unbind: oneByOne('sign-bindings'),
}

export const aclBindings: Family = {
  path: 'acl-bindings',
  query: 'acl_id',
  body: 'acl_id',
  list: 'apis',
  bindingId: 'bind_id',
  async unbind(sdk, at, bindings) {
    const done = await sdk.put(`${at}/acl-bindings`, { acl_bindings: bindings }, { query: { action: 'delete' } })
    if (done.list('failure').length > 0) throw new Error(JSON.stringify(done.value))
  },
}

/** Its id is that of the policy. */
export function apigPolicyAssociate(sdk: Golangsdk, at: string, family: Family): Resource<AssociateConfig> {
  const bindings = `${at}/${family.path}`
  const bound = (policy: string) => sdk.list(`${bindings}/binded-apis`, family.list, { [family.query]: policy }, 500)
  const publications = (apis: readonly Document[]) => apis.map((api) => api.text('publish_id'))
  async function bind(policy: string, publish_ids: readonly string[]): Promise<void> {
    if (publish_ids.length === 0) return
    await sdk.post(bindings, { [family.body]: policy, publish_ids })
    await poll(
      async () => publications(await sdk.list(`${bindings}/unbinded-apis`, 'apis', { [family.query]: policy })),
      (unbound) => publish_ids.every((id) => !unbound.includes(id)),
    )
  }
  async function unbind(policy: string, gone: (publication: string) => boolean): Promise<void> {
    const ids = (await bound(policy))
      .filter((api) => gone(api.text('publish_id')))
      .map((api) => api.text(family.bindingId))
    if (ids.length === 0) return
    await family.unbind(sdk, at, ids)
    await poll(
      async () => publications(await bound(policy)),
      (left) => left.every((id) => !gone(id)),
    )
  }
  return {
    async create({ policy_id, publish_ids }) {
      await bind(policy_id, publish_ids)
      return policy_id
    },
    async read(policy_id) {
      const publish_ids = set(publications(await bound(policy_id)))
      return publish_ids.length === 0 ? undefined : { policy_id, publish_ids }
    },
    async update(policy, { publish_ids }, before) {
      await unbind(policy, (publication) => !publish_ids.includes(publication))
      await bind(
        policy,
        publish_ids.filter((publication) => !before.publish_ids.includes(publication)),
      )
    },
    delete: (policy) => unbind(policy, () => true),
  }
}
