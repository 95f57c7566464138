import { expect, test } from 'vitest'
import { certificate } from '../../../test/certificates.js'
import { groupDomain } from '../../../test/parts.js'
import { certificatePart } from '../../../test/secure-call.js'
import type { CertificatePart } from '../../snapshot/parts.js'
import { Group } from '../routing/group.js'
import { Instance } from '../routing/instance.js'
import { TlsProfiles } from './profile.js'

const one = certificate()
const binding = {
  group: new Group('g1', new Instance('i1'), undefined),
  debugging: false,
  domain: groupDomain({ name: 'a.com', certificateIds: ['c1'], verifyClient: true }),
}

test('a domain that verifies and has no roots trusts nobody, not even whom the platform trusts', () => {
  const certificates = new Map<string, CertificatePart>()
  const profiles = new TlsProfiles(certificates)
  expect(profiles.of(binding)).toMatchObject({ certificates: [], trustedRoots: undefined })
  certificates.set('c1', certificatePart('c1', one))
  profiles.forget()
  expect(profiles.of(binding).trustedRoots).toBeUndefined()
  certificates.set('c1', certificatePart('c1', one, { trustedRootCa: one.pem }))
  profiles.forget()
  expect(profiles.of(binding).trustedRoots).toBe(one.pem)
})

test('a profile is made once, until something that it was made of changes', () => {
  const profiles = new TlsProfiles(new Map([['c1', certificatePart('c1', one)]]))
  const made = profiles.of(binding)
  expect(profiles.of(binding)).toBe(made)
  profiles.forget()
  expect(profiles.of(binding)).not.toBe(made)
})
