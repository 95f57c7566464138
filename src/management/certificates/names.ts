/** Domain names as TLS and HTTP compare them. */

/** In lower case, without the trailing dot of a zone file. */
export function hostOf(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
}

/**
 * Whether a certificate stands for a host: one of its names is the host, or is the host with `*` for the first label.
 * A wildcard domain is covered by the same wildcard only.
 */
export function covers(certificateNames: readonly string[], host: string): boolean {
  const dot = host.indexOf('.')
  const wildcard = dot === -1 ? undefined : `*${host.slice(dot)}`
  return certificateNames.some((name) => {
    const own = hostOf(name)
    return own === host || own === wildcard
  })
}
