/** Instances and what is set on them: calls as in clients.md §4. */
import type { Document } from '../document.js'
import { UnexpectedStatus, type Golangsdk } from '../golangsdk.js'
import { poll, set, type Attributes, type Resource } from '../provider.js'

export interface InstanceConfig {
  readonly name: string
  readonly edition: string
  readonly vpc_id: string
  readonly subnet_id: string
  readonly security_group_id: string
  readonly availability_zones: readonly string[]
  readonly description: string
  readonly maintain_begin: string
  readonly vpcep_service_name?: string
  /** 0: off. */
  readonly bandwidth_size: number
  readonly ingress_bandwidth_size: number
  readonly ingress_bandwidth_charging_mode: string
  readonly tags: Readonly<Record<string, string>>
  /** A set. */
  readonly custom_ingress_ports: readonly { readonly protocol: string; readonly port: number }[]
}

const FAILED = /^(Create|Initing|Register|Install|Update|Rollback|UnRegister|Delete|Restart|Resize)(Fail|Failed)$/

export function apigInstance(sdk: Golangsdk): Resource<InstanceConfig> {
  const ready = async (id: string) => {
    const statusOf = async () => (await sdk.get(`instances/${id}`)).text('status')
    const status = await poll(statusOf, (now) => now === 'Running' || FAILED.test(now))
    if (status !== 'Running') throw new Error(status)
  }
  const tagsOf = (tags: InstanceConfig['tags']) => Object.entries(tags).map(([key, value]) => ({ key, value }))
  const addresses = async (id: string) => (await sdk.get(`instances/${id}`)).list('publicips').length

  async function setIngress(id: string, config: InstanceConfig): Promise<void> {
    if ((await addresses(id)) > 0) {
      await sdk.delete(`instances/${id}/ingress-eip`)
      // Twice in a row, lest one answer comes from a replica that has not heard.
      for (let seen = 0; seen < 2; seen += 1)
        await poll(
          () => addresses(id),
          (count) => count === 0,
        )
    }
    if (config.ingress_bandwidth_size === 0) return
    await sdk.post(`instances/${id}/ingress-eip`, {
      bandwidth_size: config.ingress_bandwidth_size,
      bandwidth_charging_mode: config.ingress_bandwidth_charging_mode,
    })
    await poll(
      () => addresses(id),
      (count) => count > 0,
    )
  }

  async function setEgress(id: string, before: number, size: number): Promise<void> {
    const egress = `instances/${id}/nat-eip`
    const body = { bandwidth_size: String(size), bandwidth_charging_mode: 'bandwidth' }
    if (before === size) return
    if (size === 0) await sdk.delete(egress)
    else await (before === 0 ? sdk.post : sdk.put)(egress, body)
    await ready(id)
  }

  async function setPorts(
    id: string,
    before: InstanceConfig['custom_ingress_ports'],
    wanted: InstanceConfig['custom_ingress_ports'],
  ): Promise<void> {
    const ports = `instances/${id}/custom-ingress-ports`
    const isIn = (list: typeof wanted, port: number) => list.some((one) => one.port === port)
    for (const { port } of before.filter((one) => !isIn(wanted, one.port))) {
      const [found] = await sdk.list(ports, 'ingress_port_infos', { ingress_port: port }, 500)
      await sdk.delete(`${ports}/${found?.text('ingress_port_id') ?? ''}`, { only: [204] })
    }
    for (const { protocol, port } of wanted.filter((one) => !isIn(before, one.port)))
      await sdk.post(ports, { protocol, ingress_port: port })
  }

  return {
    async create(config) {
      const { name, edition, bandwidth_size, ingress_bandwidth_size, tags, ...rest } = config
      const { availability_zones, custom_ingress_ports, ingress_bandwidth_charging_mode, ...same } = rest
      const created = await sdk.post('instances', {
        ...same,
        instance_name: name,
        spec_id: edition,
        available_zone_ids: availability_zones,
        tags: tagsOf(tags),
        ...(bandwidth_size === 0 ? {} : { bandwidth_size, bandwidth_charging_mode: 'bandwidth' }),
        ...(ingress_bandwidth_size === 0 ? {} : { ingress_bandwidth_size, ingress_bandwidth_charging_mode }),
      })
      const id = created.text('instance_id')
      await ready(id)
      await setPorts(id, [], custom_ingress_ports)
      return id
    },

    async read(id) {
      const instance = await sdk.get(`instances/${id}`)
      if ((await sdk.get(`instances/${id}/extra-elbs`)).list('elbs').length > 0) throw new Error('balancers')
      const tags = (await sdk.get(`instances/${id}/instance-tags`)).list('tags')
      const ports = await sdk.list(`instances/${id}/custom-ingress-ports`, 'ingress_port_infos', {}, 500)
      for (const port of ports) if (port.text('status') !== 'normal') throw new Error('a port that is not normal')
      return { ...attributesOf(instance), tags: tagMap(tags), custom_ingress_ports: portSet(ports) }
    },

    async update(id, config, before) {
      await sdk.put(`instances/${id}`, {
        instance_name: config.name,
        description: config.description,
        maintain_begin: config.maintain_begin,
        maintain_end: endOf(config.maintain_begin),
        security_group_id: config.security_group_id,
        ...(config.vpcep_service_name === undefined ? {} : { vpcep_service_name: config.vpcep_service_name }),
      })
      await ready(id)
      if (config.edition !== before.edition) {
        await sdk.post(`instances/${id}/postpaid-resize`, { spec_id: config.edition })
        await ready(id)
      }
      await setEgress(id, before.bandwidth_size, config.bandwidth_size)
      if (config.ingress_bandwidth_size !== before.ingress_bandwidth_size) await setIngress(id, config)
      const changeTags = (action: string, tags: InstanceConfig['tags']) =>
        sdk.post(`instances/${id}/instance-tags/action`, { action, tags: tagsOf(tags) }, { only: [204] })
      if (JSON.stringify(config.tags) !== JSON.stringify(before.tags)) {
        if (Object.keys(before.tags).length > 0) await changeTags('delete', before.tags)
        if (Object.keys(config.tags).length > 0) await changeTags('create', config.tags)
      }
      await setPorts(id, before.custom_ingress_ports, config.custom_ingress_ports)
    },

    async delete(id) {
      await sdk.delete(`instances/${id}`)
      const isGone = () =>
        sdk.get(`instances/${id}`).then(
          () => false,
          (error: unknown) => error instanceof UnexpectedStatus && error.status === 404,
        )
      await poll(isGone, (gone) => gone)
    },
  }
}

const endOf = (begin: string) => `${String((Number(begin.slice(0, 2)) + 4) % 24).padStart(2, '0')}:00:00`

function attributesOf(instance: Document): Attributes {
  const [service] = instance.list('endpoint_services')
  const [, serviceName] = /^[\w-]+\.(.*)\.[a-f0-9-]+$/.exec(service?.text('service_name') ?? '') ?? []
  const [ingress] = instance.list('publicips')
  if (instance.number('create_time') < Date.UTC(2020)) throw new Error('an instance without a birthday')
  return {
    name: instance.text('instance_name'),
    edition: instance.text('spec'),
    vpc_id: instance.text('vpc_id'),
    subnet_id: instance.text('subnet_id'),
    security_group_id: instance.text('security_group_id'),
    availability_zones: instance
      .text('available_zone_ids')
      .replace(/^\[|\]$/g, '')
      .split(', '),
    description: instance.text('description'),
    maintain_begin: instance.text('maintain_begin'),
    maintain_end: instance.text('maintain_end'),
    vpcep_service_name: serviceName,
    vpcep_service_address: service?.text('service_name'),
    loadbalancer_provider: instance.text('loadbalancer_provider'),
    bandwidth_size: instance.number('bandwidth_size'),
    egress_address: instance.text('nat_eip_address'),
    ingress_address: ingress?.text('ip_address') ?? '',
    ingress_bandwidth_size: ingress?.number('bandwidth_size') ?? 0,
    ingress_bandwidth_charging_mode: instance.text('ingress_bandwidth_charging_mode'),
    vpc_ingress_address: instance.text('ingress_ip'),
    status: instance.text('status'),
  }
}

const tagMap = (tags: readonly Document[]): Readonly<Record<string, string>> =>
  Object.fromEntries(tags.map((tag) => [tag.text('key'), tag.text('value')] as const))

const portSet = (ports: readonly Document[]) =>
  set(ports.map((port) => ({ protocol: port.text('protocol'), port: port.number('ingress_port') })))

export interface FeatureConfig {
  readonly name: string
  readonly enabled: boolean
  readonly config: string
}

/** Nobody deletes a feature: leaving it behind is all that the provider does. */
export function apigInstanceFeature(sdk: Golangsdk, at: string) {
  const put = async ({ name, enabled, config }: FeatureConfig) =>
    (await sdk.post(`${at}/features`, { name, enable: enabled, config })).text('name')
  return {
    create: put,
    async read(name: string): Promise<Attributes | undefined> {
      const features: Document[] = []
      for (;;) {
        const query = { limit: 500, offset: features.length }
        const page = (await sdk.get(`${at}/features`, { query })).list('features')
        if (page.length === 0) break
        features.push(...page)
      }
      const feature = features.find((one) => one.text('name') === name)
      return feature === undefined
        ? undefined
        : { name, enabled: feature.flag('enable'), config: feature.text('config') }
    },
    update: (_: string, config: FeatureConfig) => put(config),
    delete: () => Promise.resolve(),
  } satisfies Resource<FeatureConfig>
}

export interface RoutesConfig {
  /** A set. */
  readonly nexthops: readonly string[]
}

/** Its id is that of the instance. */
export function apigInstanceRoutes(sdk: Golangsdk, at: string): Resource<RoutesConfig> {
  const put = (routes: readonly string[] | null) =>
    sdk.post(`${at}/features`, { name: 'route', enable: true, config: JSON.stringify({ user_routes: routes }) })
  return {
    async create({ nexthops }) {
      await put(nexthops)
      return at
    },
    /** Only the first page, and `route` has to be there with JSON, also when nobody has set it. */
    async read() {
      const features = (await sdk.get(`${at}/features`, { query: { limit: 500 } })).list('features')
      const route = features.find((feature) => feature.text('name') === 'route')
      if (route === undefined) throw new Error('no feature `route`')
      const { user_routes } = JSON.parse(route.text('config')) as { user_routes: string[] | null }
      return user_routes === null || user_routes.length === 0 ? undefined : { nexthops: set(user_routes) }
    },
    update: (_, { nexthops }) => put(nexthops),
    delete: () => put(null),
  }
}

export interface IngressPortConfig {
  readonly protocol: string
  readonly port: number
}

export function apigInstanceIngressPort(sdk: Golangsdk, at: string): Resource<IngressPortConfig> {
  const ports = `${at}/custom-ingress-ports`
  return {
    async create({ protocol, port }) {
      const id = (await sdk.post(ports, { protocol, ingress_port: port })).text('ingress_port_id')
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new Error(`not a UUID: ${id}`)
      return id
    },
    async read(id) {
      const found = (await sdk.list(ports, 'ingress_port_infos', {}, 500)).find(
        (port) => port.text('ingress_port_id') === id,
      )
      return found === undefined
        ? undefined
        : { protocol: found.text('protocol'), port: found.number('ingress_port'), status: found.text('status') }
    },
    async delete(id) {
      try {
        await sdk.delete(`${ports}/${id}`, { only: [204] })
      } catch (error) {
        const isGone = error instanceof UnexpectedStatus && error.status === 400 && error.code === 'APIC.7200'
        if (!isGone) throw error
      }
    },
    async find({ protocol, port }) {
      const [found] = await sdk.list(ports, 'ingress_port_infos', { protocol, ingress_port: port }, 500)
      return found?.text('ingress_port_id') ?? ''
    },
  }
}

export interface WhitelistConfig {
  /** A set. */
  readonly whitelists: readonly string[]
}

/** Its id is that of the instance. The account that owns it is not counted. */
export function apigEndpointWhitelist(sdk: Golangsdk, at: string): Resource<WhitelistConfig> {
  const permissions = `${at}/vpc-endpoint/permissions`
  const change = async (action: string, changed: readonly string[]) => {
    if (changed.length > 0) await sdk.post(`${permissions}/batch-${action}`, { permissions: changed })
  }
  return {
    async create({ whitelists }) {
      await change('add', whitelists)
      return at
    },
    async read() {
      const found = (await sdk.list(permissions, 'permissions')).map((entry) => {
        entry.time('created_at')
        return entry.text('permission')
      })
      const whitelists = set(found.filter((permission) => permission !== `iam:domain::${sdk.domainId}`))
      return whitelists.length === 0 ? undefined : { whitelists }
    },
    async update(_, { whitelists }, before) {
      await change(
        'delete',
        before.whitelists.filter((one) => !whitelists.includes(one)),
      )
      await change(
        'add',
        whitelists.filter((one) => !before.whitelists.includes(one)),
      )
    },
    delete: (_, { whitelists }) => change('delete', whitelists),
  }
}
