import type { OperationContext } from '../operation.js'

/** What is known of the registries that channels follow. */
export interface RegistryStates {
  /** Whether members of the channel may be old, since its registry does not tell of them. */
  isFailing(channelId: string): boolean
}

/** 1 normal, 2 abnormal: as the process that answers knows it. */
export type ChannelStatus = 1 | 2

export const channelStatus = ({ registries }: OperationContext, channelId: string): ChannelStatus =>
  registries?.isFailing(channelId) === true ? 2 : 1
