/** Text of a byte string that came off the wire: UTF-8, with replacement characters for what is none. */
export function octetText(octets: string): string {
  return /^[\x00-\x7f]*$/.test(octets) ? octets : Buffer.from(octets, 'latin1').toString('utf8')
}
