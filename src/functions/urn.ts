/** Names of functions, as FunctionGraph gives them: `urn:fss:<region>:<project>:function:<package>:<name>[:<version>]`. */

export interface FunctionAddress {
  /** Without version or alias. */
  readonly urn: string
  readonly project: string
  readonly package: string
  readonly name: string
  /** `latest` where none is named; undefined: an alias is. */
  readonly version: string | undefined
  readonly alias: string | undefined
}

/** Each of them is also the name of a folder or file: none can lead out of one. */
const NAME = '[A-Za-z0-9_-]{1,64}'
const VERSION = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}'
const URN = new RegExp(`^(urn:fss:${NAME}:${NAME}:function:(${NAME}):(${NAME}))(?::(!?)(${VERSION}))?$`)

/** @returns `undefined` for what is no URN of a function */
export function parseFunctionUrn(text: string): FunctionAddress | undefined {
  const [, urn, inPackage, name, mark, qualifier] = URN.exec(text) ?? []
  if (urn === undefined || inPackage === undefined || name === undefined) return undefined
  const isAlias = mark === '!'
  return {
    urn,
    project: urn.split(':')[3] ?? '',
    package: inPackage,
    name,
    version: isAlias ? undefined : (qualifier ?? 'latest'),
    alias: isAlias ? qualifier : undefined,
  }
}

/**
 * The one function that a configuration names: an alias wins over a version (backends.md §7).
 *
 * @param urn with or without version
 * @param alias the URN with the alias, or the alias alone
 */
export function functionAddress(urn: string, version?: string, alias?: string): FunctionAddress | undefined {
  const named = parseFunctionUrn(urn)
  if (alias)
    return alias.startsWith('urn:') ? parseFunctionUrn(alias) : named && parseFunctionUrn(`${named.urn}:!${alias}`)
  return version && named ? parseFunctionUrn(`${named.urn}:${version}`) : named
}

/** As a URN, with version or alias. */
export function formatAddress({ urn, version, alias }: FunctionAddress): string {
  return alias === undefined ? `${urn}:${version ?? 'latest'}` : `${urn}:!${alias}`
}
