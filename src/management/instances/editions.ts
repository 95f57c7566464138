/** Editions of an instance, smallest first: an instance can only be resized towards the end (lifecycle.md §1.4). */
const families = ['BASIC', 'PROFESSIONAL', 'ENTERPRISE', 'PLATINUM'] as const
const platinumSizes = [2, 3, 4, 5, 6, 7, 8] as const

export type Edition =
  (typeof families)[number] | `${(typeof families)[number]}_IPV6` | `PLATINUM_X${(typeof platinumSizes)[number]}`

const apiLimits: Readonly<Record<(typeof families)[number], number>> = {
  BASIC: 250,
  PROFESSIONAL: 800,
  ENTERPRISE: 2_000,
  PLATINUM: 8_000,
}

/** How many APIs an edition admits: `API_NUM_LIMIT` of quotas.md §2. */
export const apiLimit: ReadonlyMap<Edition, number> = new Map([
  ...families.flatMap((family): [Edition, number][] => [
    [family, apiLimits[family]],
    [`${family}_IPV6`, apiLimits[family]],
  ]),
  ...platinumSizes.map((size): [Edition, number] => [`PLATINUM_X${size}`, size * apiLimits.PLATINUM]),
])

export const editions: readonly Edition[] = [...apiLimit.keys()]

export const isEdition = (text: string): text is Edition => apiLimit.has(text as Edition)
