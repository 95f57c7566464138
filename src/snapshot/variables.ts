/** `#name#` in addresses and paths of back ends: backends.md §4.5. */
import type { ApiDocument } from '../contract/api-document.js'

const VARIABLE = /#([a-zA-Z][a-zA-Z0-9_-]{2,31})#/g

export interface HttpText {
  readonly url_domain: string | undefined
  readonly req_uri: string | undefined
}

/** Addresses and paths of every HTTP back end that an API has. With a channel there is no address. */
export function httpTexts({ backend_api, policy_https }: ApiDocument): HttpText[] {
  return [...(backend_api === undefined ? [] : [backend_api]), ...policy_https].flatMap(
    ({ url_domain, req_uri, vpc_channel_status, member_group_url_infos }) => [
      { url_domain: vpc_channel_status === 2 ? url_domain : undefined, req_uri },
      ...(member_group_url_infos ?? []).map((group) => ({ url_domain: undefined, req_uri: group.req_uri })),
    ],
  )
}

/** Names of the variables that an API uses, each once, in order of appearance. */
export function variableNames(document: ApiDocument): string[] {
  const names = httpTexts(document).flatMap(({ url_domain = '', req_uri = '' }) =>
    Array.from(`${url_domain}\n${req_uri}`.matchAll(VARIABLE), ([, name = '']) => name),
  )
  return [...new Set(names)]
}

/** Puts values in place of the names; a name without a value stays. Values are not searched again. */
export function substitute(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    VARIABLE,
    (whole, name: string) => (Object.hasOwn(variables, name) ? variables[name] : whole) ?? whole,
  )
}
