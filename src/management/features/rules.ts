import { fault } from '../../contract/faults.js'
import { featureOf, isMarker, type Feature } from './catalogue.js'

export interface FeatureState {
  readonly enable: boolean
  readonly config: string
}

/**
 * The configuration text that a request asks for, if it gives one. Throws 400 APIG.2000 for a name that nobody knows,
 * 412 APIG.3458 for something that cannot be configured, 400 APIG.2011 for a configuration that is not the feature's.
 */
export function acceptedConfig(name: string, enable: boolean, config: string | undefined): string | undefined {
  const feature = featureOf(name)
  if (feature === undefined) {
    if (!isMarker(name)) throw fault('APIG.2000', { name }, 'unrecognizedFeature')
    // What is always there may be asked for, but neither shaped nor switched off.
    if (!enable || config) throw fault('APIG.3458')
    return undefined
  }
  if (!config) return undefined
  if (!fits(feature, config)) throw fault('APIG.2011', { name: 'config' })
  return config
}

function fits({ plain, shape }: Feature, config: string): boolean {
  if (plain) return shape.safeParse(config).success
  try {
    return shape.safeParse(JSON.parse(config)).success
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** `app_secret` reads the same place of a request as `app_api_key`: only one of them can act (features.md §2). */
export function excludeEachOther(name: string, wanted: FeatureState, stateOf: (name: string) => FeatureState): void {
  const other = EXCLUSIVE.get(name)
  if (other === undefined || !isActive(wanted) || !isActive(stateOf(other))) return
  throw fault('APIG.2000', { detail: `The features ${name} and ${other} cannot be enabled at the same time` })
}

const EXCLUSIVE: ReadonlyMap<string, string> = new Map([
  ['app_secret', 'app_api_key'],
  ['app_api_key', 'app_secret'],
])

/** A feature acts when it is enabled and, if its configuration has a switch, that is on (features.md §1). */
export const isActive = ({ enable, config }: FeatureState): boolean => enable && switchOf(config) !== 'off'

function switchOf(config: string): unknown {
  if (!config.startsWith('{')) return config
  const parsed: unknown = JSON.parse(config)
  return typeof parsed === 'object' && parsed !== null && 'enable' in parsed ? parsed.enable : undefined
}

/** `interval` in milliseconds, counted from the last change of the same feature. Throws 409 APIG.3711. */
export function intervalHasPassed(changedAt: number | undefined, now: number, interval: number): void {
  if (changedAt !== undefined && now - changedAt < interval) throw fault('APIG.3711')
}
