/** A gateway instance: its environments, features and apps. */
import type { InstancePart } from '../../snapshot/parts.js'
import { Apps } from '../auth/apps.js'
import { callerFeaturesOf, defaultCallerFeatures, type CallerFeatures } from '../caller-features.js'
import { defaultFeatures, featuresOf, type Features } from '../features.js'
import { PublicKeys } from '../public-keys.js'
import { compileSource, type FindSource } from '../source-address.js'

export class Instance {
  readonly apps = new Apps()
  readonly publicKeys = new PublicKeys()
  features: Features = defaultFeatures
  callers: CallerFeatures = defaultCallerFeatures
  /** Undefined while the peer of a connection is where its requests come from. */
  findSource: FindSource | undefined
  #part: InstancePart | undefined
  readonly #environments = new Map<string, string>()
  readonly #stages = new Map<string, string>()

  constructor(readonly id: string) {}

  /** Absent while only what belongs to the instance is known. */
  get part(): InstancePart | undefined {
    return this.#part
  }

  set part(part: InstancePart | undefined) {
    this.#part = part
    this.features = part === undefined ? defaultFeatures : featuresOf(part)
    this.callers = part === undefined ? defaultCallerFeatures : callerFeaturesOf(part)
    this.findSource = compileSource(this.callers.source)
    this.#environments.clear()
    this.#stages.clear()
    for (const { id, name } of part?.environments ?? []) {
      this.#environments.set(name, id)
      this.#stages.set(id, name)
    }
  }

  /** Names are case-sensitive. */
  environmentId(name: string): string | undefined {
    return this.#environments.get(name)
  }

  stageOf(environmentId: string): string {
    return this.#stages.get(environmentId) ?? ''
  }
}
