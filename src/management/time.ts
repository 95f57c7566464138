/** How moments (milliseconds since the epoch) are written on the wire: conventions.md §2. */

/** `2020-07-31T12:42:51.314Z`, for the reply of a create or an update. */
export function writtenTime(moment: number): string {
  return new Date(moment).toISOString()
}

/** `2020-07-31T12:42:51Z`, for every read: two reads of one object never differ. */
export function readTime(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`
}

/** `2020-07-31 12:42:51`, in UTC: statistics and endpoint services. */
export function plainTime(moment: number): string {
  return new Date(moment).toISOString().slice(0, 19).replace('T', ' ')
}
