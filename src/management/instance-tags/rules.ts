import { fault } from '../../contract/faults.js'
import type { TmsKeyValue } from '../../contract/generated/schemas.js'
import type { Tag } from '../../store/instance-tags.js'

/** How many tags an instance may have (quotas.md §2). */
const MOST_TAGS = 20

/**
 * The tags of a request, one for each key: of several with the same key the last one counts. Throws 400 APIC.7211 for
 * a key that is missing, or begins or ends with a blank.
 */
export function distinctTags(tags: readonly TmsKeyValue[] = []): readonly Tag[] {
  const byKey = new Map<string, string>()
  for (const { key, value = '' } of tags) byKey.set(acceptedKey(key), value)
  return [...byKey].map(([key, value]) => ({ key, value }))
}

function acceptedKey(key: string | undefined): string {
  if (!key || key.trim() !== key) throw fault('APIC.7211', { name: 'key' })
  return key
}

/** Throws 403 APIC.7402 when an instance would have more tags than it may. */
export function tagsFit(existing: readonly Tag[], added: readonly Tag[]): void {
  const keys = new Set([...existing, ...added].map(({ key }) => key))
  if (keys.size > MOST_TAGS) throw fault('APIC.7402')
}
