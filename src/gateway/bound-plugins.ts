/** The plug-ins of an API with their contents read, once for each that was shipped. */
import { pluginShapes, type PluginContent, type PluginType } from '../snapshot/plugin-contents/index.js'
import type { PluginPart } from '../snapshot/parts.js'

/** By type: an API has one of each at most. */
export type BoundPlugins = { readonly [Type in PluginType]?: BoundPlugin<Type> }

export interface BoundPlugin<Type extends PluginType> {
  readonly id: string
  readonly content: PluginContent<Type>
}

/**
 * A plug-in that the gateway cannot run, which is the same as one that it doesn't know: requests are refused with 500
 * APIG.0104. What compiles a plug-in throws it.
 */
export class PluginDefect extends Error {
  override readonly name = 'PluginDefect'
}

const read = new WeakMap<PluginPart, unknown>()

/** @throws {PluginDefect} */
export function boundPlugins(parts: readonly (PluginPart | undefined)[]): BoundPlugins {
  const bound: Partial<Record<PluginType, unknown>> = {}
  for (const part of parts) {
    if (part === undefined) throw new PluginDefect('a plug-in is not known')
    bound[part.type] = { id: part.id, content: contentOf(part) }
  }
  return bound as BoundPlugins
}

function contentOf(part: PluginPart): unknown {
  const known = read.get(part)
  if (known !== undefined) return known
  // A type of a later version has no shape here. Contents may hold secrets: no message tells them.
  const shape = Object.hasOwn(pluginShapes, part.type) ? pluginShapes[part.type] : undefined
  const result = shape?.safeParse(part.content)
  if (result?.success !== true) throw new PluginDefect(`plug-in ${part.id} cannot be read`)
  read.set(part, result.data)
  return result.data
}
