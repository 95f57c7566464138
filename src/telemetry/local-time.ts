/** `02/Jan/2006:15:04:05 +0800`, in the zone of this process; made once per second. */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

let second = -1
let text = ''

/** @param time milliseconds since the epoch */
export function localTime(time: number): string {
  const now = Math.floor(time / 1000)
  if (now !== second) {
    second = now
    text = format(new Date(time))
  }
  return text
}

function format(date: Date): string {
  const offset = -date.getTimezoneOffset()
  const zone = two(Math.floor(Math.abs(offset) / 60)) + two(Math.abs(offset) % 60)
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()] ?? ''}/${date.getFullYear()}`
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day}:${clock} ${offset < 0 ? '-' : '+'}${zone}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
