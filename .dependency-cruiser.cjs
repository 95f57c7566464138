/** The arrows of the house (docs/decisions/0001-architecture.md): each row is an import that must not exist. */
const wing = (name) => `^src/${name}/`
const below = [
  'signing',
  'config',
  'limits',
  'telemetry',
  'functions',
  'registries',
  'contract',
  'snapshot',
  'store',
  'iam',
  'management',
  'gateway',
  'cli',
]
const forbid = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: wing(from), pathNot: '\\.test\\.ts$' },
  to: { path: `^src/(${below.filter((w) => w !== from && !allowed.includes(w)).join('|')})/` },
})

module.exports = {
  forbidden: [
    forbid('signing-imports-nothing-above', 'signing', []),
    forbid('config-imports-nothing-above', 'config', []),
    forbid('limits-import-nothing-above', 'limits', []),
    forbid('telemetry-imports-nothing-above', 'telemetry', []),
    forbid('functions-import-nothing-above', 'functions', []),
    forbid('registries-import-nothing-above', 'registries', []),
    forbid('contract-is-the-ground', 'contract', []),
    forbid('store-knows-no-rules', 'store', ['contract', 'config']),
    // Configuration goes down to the gateways, and what they counted comes up the same way.
    forbid('snapshot-knows-the-contract-only', 'snapshot', ['contract', 'config', 'telemetry']),
    forbid('iam-stands-on-store-and-signing', 'iam', ['contract', 'store', 'signing', 'config']),
    forbid('management-never-imports-the-gateway', 'management', [
      'iam',
      'snapshot',
      'store',
      'contract',
      'signing',
      'config',
      'telemetry',
      'limits',
      'registries',
    ]),
    forbid('gateway-never-opens-the-database', 'gateway', [
      'snapshot',
      'contract',
      'signing',
      'config',
      'limits',
      'telemetry',
      'functions',
    ]),
    {
      name: 'policies-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/gateway/policies/([^/]+)\\.ts$', pathNot: ['index\\.ts$', '\\.test\\.ts$'] },
      to: {
        path: '^src/gateway/policies/',
        pathNot: ['^src/gateway/policies/$1\\.ts$', '^src/gateway/policies/index\\.ts$'],
      },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    includeOnly: '^src/',
  },
}
