/**
 * Networks whose addresses mean nothing on the Internet (RFC 6890): what passes between them and the gateway is no
 * traffic of a public address (telemetry.md §4.4).
 */
export const PRIVATE_NETWORKS: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '::/127',
  'fc00::/7',
  'fe80::/10',
]
