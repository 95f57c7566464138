/** `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ`, UTC, within 15 minutes of the server's clock. */

/** Milliseconds; a request exactly this far away is still accepted. */
const CLOCK_TOLERANCE = 15 * 60 * 1000

let second = NaN
let text = ''

/** @param time milliseconds since the epoch; the text is made once per second */
export function formatSigningDate(time: number): string {
  const now = Math.floor(time / 1000)
  if (now !== second) {
    text = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
    second = now
  }
  return text
}

/** Milliseconds since the epoch; `undefined` for anything but a moment that exists, written in exactly this form. */
export function parseSigningDate(text: string): number | undefined {
  if (text.length !== 16 || text.charCodeAt(8) !== 0x54 || text.charCodeAt(15) !== 0x5a) return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 4, 6)
  const day = digits(text, 6, 8)
  const hour = digits(text, 9, 11)
  const minute = digits(text, 11, 13)
  const second = digits(text, 13, 15)
  // A part that is not a number is NaN, and no comparison with NaN holds.
  const exists =
    year >= 1970 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysIn(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59
  return exists ? Date.UTC(year, month - 1, day, hour, minute, second) : undefined
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}

/** Whether a signature of that moment may be used at `now`; both in milliseconds since the epoch. */
export function isFresh(signedAt: number, now: number): boolean {
  return Math.abs(now - signedAt) <= CLOCK_TOLERANCE
}
