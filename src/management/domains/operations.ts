import { fault } from '../../contract/faults.js'
import { attachCertificate } from '../../store/domain-certificates.js'
import {
  countDomainsOf,
  deleteDomain,
  domainsNamed,
  insertDomain,
  setClientVerification,
  updateDomain,
} from '../../store/domains.js'
import type { UrlDomainRow } from '../../store/schema.js'
import { hasRoot } from '../certificates/attaching.js'
import { hostOf } from '../certificates/names.js'
import type { Handlers } from '../operation.js'
import { withinQuota } from '../quotas.js'
import { theGroup } from '../references.js'
import { domainCertificateOperations } from './certificates.js'
import { isNotOurs, portsAreFree, portsAreOpen, standardPorts, theDomain } from './rules.js'
import { domainView } from './views.js'

export const domainOperations = {
  /** A name that the instance has on other ports already brings its certificates along. */
  async associateDomainV2({ path, body }, context) {
    const { db, instanceId } = context
    await theGroup(context, path.group_id)
    const host = hostOf(body.url_domain)
    isNotOurs(host, context.settings.subdomainSuffix)
    const ports = {
      ingress_http_port: body.ingress_http_port ?? standardPorts.HTTP,
      ingress_https_port: body.ingress_https_port ?? standardPorts.HTTPS,
    }
    await portsAreOpen(context, ports)
    const siblings = await domainsNamed(db, instanceId, host)
    portsAreFree(siblings, ports)
    await withinQuota(context, 'APIGROUP_DOMAIN_NUM_LIMIT', await countDomainsOf(db, path.group_id))
    const row: UrlDomainRow = {
      id: context.newId(),
      instance_id: instanceId,
      group_id: path.group_id,
      name: body.url_domain,
      host,
      min_ssl_version: body.min_ssl_version ?? 'TLSv1.1',
      is_http_redirect_to_https: body.is_http_redirect_to_https === true ? 1 : 0,
      verified_client_certificate_enabled: siblings[0]?.verified_client_certificate_enabled ?? 0,
      ...ports,
      created_at: context.now,
    }
    await insertDomain(db, row)
    for (const { id } of siblings[0]?.certificates ?? []) await attachCertificate(db, [row.id], id)
    context.changed(`group:${row.group_id}`)
    return { status: 201, body: domainView(row) }
  },

  /** What is not sent stays; clients send the ports of the gateway like any other. */
  async updateDomainV2({ path, body }, context) {
    const { certificates, ...before } = await theDomain(context, path, 'default')
    const row: UrlDomainRow = {
      ...before,
      min_ssl_version: body.min_ssl_version,
      is_http_redirect_to_https: flag(body.is_http_redirect_to_https, before.is_http_redirect_to_https),
      ingress_http_port: body.ingress_http_port ?? before.ingress_http_port,
      ingress_https_port: body.ingress_https_port ?? before.ingress_https_port,
    }
    const verified = body.verified_client_certificate_enabled
    if (verified === true && !hasRoot(certificates))
      throw fault('APIG.2000', { detail: 'No certificate with a trusted root CA is bound to the domain name' })
    await portsAreOpen(context, row)
    const bindings = await domainsNamed(context.db, context.instanceId, before.host)
    portsAreFree(bindings, row, row.id)
    await updateDomain(context.db, row)
    context.changed(`group:${row.group_id}`)
    if (verified !== undefined) {
      row.verified_client_certificate_enabled = verified ? 1 : 0
      const ids = bindings.map(({ id }) => id)
      await setClientVerification(context.db, ids, verified)
      for (const { group_id } of bindings) context.changed(`group:${group_id}`)
    }
    return { status: 201, body: domainView(row) }
  },

  async disassociateDomainV2({ path }, context) {
    const { id, group_id } = await theDomain(context, path, 'default')
    await deleteDomain(context.db, id)
    context.changed(`group:${group_id}`)
    return { status: 204 }
  },

  ...domainCertificateOperations,
} satisfies Handlers

const flag = (sent: boolean | undefined, before: 0 | 1): 0 | 1 => (sent === undefined ? before : sent ? 1 : 0)
