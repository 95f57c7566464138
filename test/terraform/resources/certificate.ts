/** Certificates and the domains that they are attached to: calls as in clients.md §4. */
import { UnexpectedStatus, type Golangsdk } from '../golangsdk.js'
import { set, type Resource } from '../provider.js'

export interface CertificateConfig {
  readonly name: string
  readonly type: string
  readonly instance_id?: string
  readonly content: string
  readonly private_key: string
  readonly trusted_root_ca?: string
}

/** What was uploaded is kept in the state: nothing of it is ever read. */
export function apigCertificate(sdk: Golangsdk): Resource<CertificateConfig> {
  const body = ({ content, ...rest }: CertificateConfig) => ({ ...rest, cert_content: content })
  const uploads = new Map<string, CertificateConfig>()
  return {
    async create(config) {
      const id = (await sdk.post('certificates', body(config))).text('id')
      uploads.set(id, config)
      return id
    },
    async read(id) {
      const certificate = await sdk.get(`certificates/${id}`)
      if (certificate.texts('san').length === 0) throw new Error('a certificate without names')
      return {
        content: uploads.get(id)?.content,
        private_key: uploads.get(id)?.private_key,
        trusted_root_ca: uploads.get(id)?.trusted_root_ca,
        name: certificate.text('name'),
        type: certificate.text('type'),
        instance_id: certificate.text('instance_id'),
        effected_at: certificate.time('not_before'),
        expires_at: certificate.time('not_after'),
        signature_algorithm: certificate.text('signature_algorithm'),
        sans: certificate.texts('san'),
      }
    },
    async update(id, config) {
      await sdk.put(`certificates/${id}`, body(config))
      uploads.set(id, config)
    },
    delete: (id) => sdk.delete(`certificates/${id}`),
  }
}

export interface DomainCertificateConfig {
  readonly certificate_ids: readonly string[]
  readonly verified_client_certificate_enabled?: boolean
}

/** Its id is that of the domain. */
export function apigDomainCertificateAssociate(
  sdk: Golangsdk,
  at: string,
  group: string,
  domain: string,
): Resource<DomainCertificateConfig> {
  const certificates = `${at}/api-groups/${group}/domains/${domain}/certificates`
  return {
    async create(config) {
      await sdk.post(`${certificates}/attach`, config, { only: [204] })
      return domain
    },
    async read() {
      const domains = (await sdk.get(`${at}/api-groups/${group}`)).list('url_domains')
      const bound = domains.find((one) => one.text('id') === domain)
      if (bound === undefined) return undefined
      const certificate_ids = (bound.has('ssl_infos') ? bound.list('ssl_infos') : []).map((ssl) => ssl.text('ssl_id'))
      if (certificate_ids.length === 0) return undefined
      const verified = bound.flag('verified_client_certificate_enabled')
      return { certificate_ids, verified_client_certificate_enabled: verified }
    },
    delete: (_, { certificate_ids }) => sdk.post(`${certificates}/detach`, { certificate_ids }, { only: [204] }),
  }
}

export interface BatchDomainsConfig {
  readonly verify_enabled_domain_names: readonly string[]
  readonly verify_disabled_domain_names: readonly string[]
}

/**
 * Of one instance, or, without it, of all: then the domains are looked for everywhere. Its id is that of the
 * certificate. The list of domains begins with a null, as the provider's does.
 */
export function apigCertificateBatchDomainsAssociate(
  sdk: Golangsdk,
  certificate: string,
  instance?: string,
): Resource<BatchDomainsConfig> {
  const domains = `certificates/${certificate}`
  const entry = (domain: string, verified: boolean) => ({
    domain,
    ...(instance === undefined ? {} : { instance_ids: [instance] }),
    verified_client_certificate_enabled: verified,
  })
  const entries = (config: BatchDomainsConfig) => [
    null,
    ...config.verify_enabled_domain_names.map((domain) => entry(domain, true)),
    ...config.verify_disabled_domain_names.map((domain) => entry(domain, false)),
  ]
  const attach = (config: BatchDomainsConfig) =>
    sdk.post(`${domains}/domains/attach`, { domains: entries(config) }, { only: [204] })
  async function detach(config: BatchDomainsConfig): Promise<void> {
    try {
      await sdk.post(`${domains}/domains/detach`, { domains: entries(config) }, { only: [204] })
    } catch (error) {
      // What the provider takes for "not found".
      const isGone = error instanceof UnexpectedStatus && error.status === 400 && error.code === 'APIG.2000'
      if (!isGone) throw error
    }
  }
  return {
    async create(config) {
      await attach(config)
      return certificate
    },
    async read() {
      const bound = await sdk.list(`${domains}/attached-domains`, 'bound_domains')
      for (const domain of bound)
        for (const name of ['id', 'instance_id', 'min_ssl_version', 'api_group_id', 'api_group_name'])
          if (domain.text(name) === '') throw new Error(`a bound domain without ${name}`)
      const names = (verified: boolean) =>
        set(
          bound
            .filter((domain) => domain.flag('verified_client_certificate_enabled') === verified)
            .map((domain) => domain.text('url_domain')),
        )
      return bound.length === 0
        ? undefined
        : { verify_enabled_domain_names: names(true), verify_disabled_domain_names: names(false) }
    },
    async update(_, config, before) {
      await detach(before)
      await attach(config)
    },
    delete: (_, config) => detach(config),
  }
}
