/** AppCodes count over TLS only, which a plain listener cannot show: here the step is asked itself. */
import { expect, test } from 'vitest'
import { anExchange } from '../../../test/exchange.js'
import { appPart, publicationPart } from '../../../test/parts.js'
import type { ApiDefinition } from '../../snapshot/api-definition.js'
import { defaultCallerFeatures } from '../caller-features.js'
import { Apps } from './apps.js'
import { Identities } from './identities.js'
import { compileAuth } from './index.js'
import { KeyFailures } from './key-failures.js'

function authenticate(definition: Partial<ApiDefinition>, headers: Record<string, string>, secure = true) {
  const apps = new Apps()
  apps.put(appPart({ codes: ['code-1'], projectId: 'p7' }))
  apps.put(appPart({ id: 'app2', codes: ['code-2'], authorizations: [] }))
  const step = compileAuth(
    publicationPart({ auth_type: 'APP', app_code_auth_type: 'HEADER', ...definition }).definition,
    {
      api: 'a1/release',
      bodyLimit: 1000,
      apps,
      callers: defaultCallerFeatures,
      identities: new Identities(undefined),
      failures: new KeyFailures(),
    },
  )
  const exchange = anExchange({ headers, secure })
  const outcome = step?.(exchange)
  if (outcome instanceof Promise) throw new Error('Nothing here has to wait.')
  return { outcome: outcome === undefined ? 'admitted' : `${outcome.status} ${outcome.errorCode ?? ''}`, exchange }
}

// authentication.md §9.7
test.each([
  ['over TLS', {}, { 'x-apig-appcode': 'code-1' }, true, 'admitted'],
  ['over HTTP', {}, { 'x-apig-appcode': 'code-1' }, false, '401 APIG.0303'],
  ['switched off', { app_code_auth_type: 'DISABLE' }, { 'x-apig-appcode': 'code-1' }, true, '401 APIG.0303'],
  ['unknown', {}, { 'x-apig-appcode': 'code-3' }, true, '401 APIG.0303'],
  ['empty', {}, { 'x-apig-appcode': '' }, true, '401 APIG.0303'],
  ['of an app that is not authorized', {}, { 'x-apig-appcode': 'code-2' }, true, '403 APIG.0304'],
] as const)('an AppCode %s: %j', (_, definition, headers, secure, expected) => {
  expect(authenticate(definition, headers, secure).outcome).toBe(expected)
})

test('the caller is the app, and how it was shown is on record', () => {
  expect(authenticate({}, { 'x-apig-appcode': 'code-1' }).exchange.caller).toEqual({
    appId: 'app1',
    appName: 'app1',
    appKey: 'key-of-app1',
    userId: 'p7',
    accessModel: 'app_code',
  })
})

test('a wrong AppCode is the end: a signature beside it is not looked at', () => {
  const headers = { 'x-apig-appcode': 'wrong', authorization: 'SDK-HMAC-SHA256 Access=x' }
  expect(authenticate({}, headers).outcome).toBe('401 APIG.0303')
})
