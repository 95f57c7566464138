import { expect, test } from 'vitest'
import { certificate } from '../certificates.js'
import { lifecycle, provider, set, type Provider } from './provider.js'
import {
  apigCertificate,
  apigCertificateBatchDomainsAssociate,
  apigDomainCertificateAssociate,
} from './resources/certificate.js'
import { apigGroup, apigGroupDomainAssociate } from './resources/group.js'

const upload = (...san: string[]) => {
  const { pem, keyPem } = certificate({ san })
  return { content: pem, private_key: keyPem }
}

test('108, 109: apig_certificate of the project and of an instance', async () => {
  await using tf = await provider()
  const resource = apigCertificate(tf.sdk)

  const state = await lifecycle(
    resource,
    { name: 'global', type: 'global', ...upload('www.t1.com') },
    { name: 'global_two', type: 'global', ...upload('www.t1.com', '*.t2.com') },
  )
  expect(state).toMatchObject({
    instance_id: 'common',
    sans: ['www.t1.com', '*.t2.com'],
    expires_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
  })
  await lifecycle(resource, {
    name: 'of_instance',
    type: 'instance',
    instance_id: tf.sluice.instanceId,
    ...upload('www.t1.com'),
  })
})

/** Domains in a group, with their ids. */
async function domains({ sdk, at }: Provider, ...names: string[]) {
  const group = await apigGroup(sdk, at).create({
    name: 'orders',
    description: '',
    domain_access_enabled: true,
    variables: [],
    url_domains: [],
  })
  const ids = []
  for (const url_domain of names)
    ids.push(
      await apigGroupDomainAssociate(sdk, at, group).create({
        group_id: group,
        url_domain,
        min_ssl_version: 'TLSv1.1',
        is_http_redirect_to_https: false,
      }),
    )
  return { group, ids }
}

test('108, 109: apig_domain_certificate_associate, with and without a client’s certificate', async () => {
  await using tf = await provider()
  const { sdk, at } = tf
  const { group, ids } = await domains(tf, 'www.t1.com')
  const resource = apigDomainCertificateAssociate(sdk, at, group, ids[0] ?? '')
  const plain = await apigCertificate(sdk).create({ name: 'plain', type: 'global', ...upload('www.t1.com') })
  const ca = certificate({ san: [], subject: [['CN', 'root']], ca: true })
  const withRoot = { name: 'root', type: 'global', ...upload('www.t1.com'), trusted_root_ca: ca.pem }
  const verifying = await apigCertificate(sdk).create(withRoot)

  await lifecycle(resource, { certificate_ids: [plain], verified_client_certificate_enabled: false })
  await lifecycle(
    resource,
    { certificate_ids: [verifying], verified_client_certificate_enabled: true },
    { certificate_ids: [verifying], verified_client_certificate_enabled: false },
  )
})

test.each([
  ['apig_certificate_batch_domains_associate', true],
  ['apig_global_certificate_batch_domains_associate', false],
])('108, 109: %s', async (_, isOfInstance) => {
  await using tf = await provider()
  await domains(tf, 'www.t1.com', 'api.t1.com')
  const ca = certificate({ san: [], subject: [['CN', 'root']], ca: true })
  const id = await apigCertificate(tf.sdk).create({
    name: 'shared',
    type: 'global',
    ...upload('*.t1.com'),
    trusted_root_ca: ca.pem,
  })

  await lifecycle(
    apigCertificateBatchDomainsAssociate(tf.sdk, id, isOfInstance ? tf.sluice.instanceId : undefined),
    { verify_enabled_domain_names: ['www.t1.com'], verify_disabled_domain_names: [] },
    { verify_enabled_domain_names: ['www.t1.com'], verify_disabled_domain_names: ['api.t1.com'] },
    { verify_enabled_domain_names: [], verify_disabled_domain_names: set(['api.t1.com', 'www.t1.com']) },
  )
})

test('unknown certificates and instances are told in the words that tests wait for', async () => {
  await using tf = await provider()
  const unknown = '5e3f9f53-6c1f-4a1b-9a5e-2d1c7a1f0b11'

  for (const path of [`certificates/${unknown}`, `certificates/${unknown}/attached-domains`])
    await expect(tf.sdk.get(path)).rejects.toThrow(`ssl with certId ${unknown} not found`)
  await expect(tf.sdk.get('certificates', { query: { instance_id: unknown } })).rejects.toThrow(
    'The instance does not exist',
  )
})
