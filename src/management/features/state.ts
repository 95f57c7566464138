import { featuresSet } from '../../store/features.js'
import type { OperationContext } from '../operation.js'
import { featureOf } from './catalogue.js'
import { isActive } from './rules.js'

/** Whether a feature acts in the instance, as it was set or as it is by default. */
export async function isFeatureOn({ db, instanceId }: OperationContext, name: string): Promise<boolean> {
  const set = (await featuresSet(db, instanceId)).get(name)
  const state = set === undefined ? featureOf(name) : { enable: set.enable === 1, config: set.config }
  return state !== undefined && isActive(state)
}
