/** How the values of an access line are written, so that blanks and quotes end nothing but fields. Byte strings. */

/** A value that is never quoted: what could end it is escaped. */
export function bareValue(value: string): string {
  if (value === '') return '-'
  return /[^\x21-\x7e]|["\\]/.test(value) ? value.replace(/[^\x21-\x7e]|["\\]/g, escapeOctet) : value
}

export function quoted(value: string | undefined): string {
  if (value === undefined || value === '') return '-'
  return `"${/["\\\x00-\x1f\x7f]/.test(value) ? value.replace(/["\\\x00-\x1f\x7f]/g, escapeOctet) : value}"`
}

function escapeOctet(octet: string): string {
  return '\\x' + octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
}

export function octets(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

export function since(moment: number, start: number): string {
  return moment === 0 ? '-' : seconds(moment - start)
}

/** `0.000` to `0.999`: a look-up costs a tenth of `toFixed`. */
const BELOW_ONE: readonly string[] = Array.from({ length: 1000 }, (_, ms) => '0.' + String(ms).padStart(3, '0'))

/** Milliseconds as seconds with three decimals. */
export function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole < 1000) return BELOW_ONE[whole] ?? ''
  return String(Math.floor(whole / 1000)) + (BELOW_ONE[whole % 1000] ?? '').slice(1)
}
