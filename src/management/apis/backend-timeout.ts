import { featuresSet } from '../../store/features.js'
import { features } from '../features/catalogue.js'
import type { OperationContext } from '../operation.js'

/** The most milliseconds that a back end of the instance may take: feature `backend_timeout`. */
export async function longestBackendTimeout({ db, instanceId }: OperationContext): Promise<number> {
  const set = (await featuresSet(db, instanceId)).get('backend_timeout')
  return maxTimeout(set?.enable === 1 ? set.config : undefined) ?? maxTimeout(features['backend_timeout']?.config) ?? 0
}

function maxTimeout(config: string | undefined): number | undefined {
  if (config === undefined) return undefined
  // The text was judged by the feature's shape when it was set.
  return (JSON.parse(config) as { readonly max_timeout: number }).max_timeout
}
