/** What the supervisor and the processes that it started say to each other. */
import type { ListenAddress } from '../config/listen-address.js'
import type { LogLevel, Settings } from '../config/settings.js'
import type { ToNode, ToWorker } from '../limits/lease-messages.js'

/** What a person needs for a first call; made by control at the first start. */
export interface FirstCredentials {
  readonly user_name: string
  readonly password: string
  readonly access_key: string
  readonly secret_key: string
}

export interface Start {
  readonly kind: 'start'
  readonly settings: Settings
  readonly clusterToken: string
  /** Of a gateway among those of its node, from 1; absent for control. */
  readonly worker?: number
  /** What gateways of this node seal TLS sessions with, in base64; absent for control. */
  readonly ticketSecret?: string
  /** Where control is; absent until it is known, and for control itself. */
  readonly controlUrl?: string
}

export type ToChild =
  | Start
  /** Control is, or is again, at this address. */
  | { readonly kind: 'control'; readonly url: string }
  | { readonly kind: 'limits'; readonly messages: readonly ToWorker[] }
  | { readonly kind: 'reload'; readonly logLevel: LogLevel }
  /** Open the files of logs anew. */
  | { readonly kind: 'reopen' }
  /** Finish what is in flight and exit with 0. */
  | { readonly kind: 'drain' }

export interface ChildReady {
  readonly kind: 'ready'
  /** The address that the process listens on, with the port that was taken. */
  readonly address: ListenAddress
  /** Where a gateway serves HTTPS. */
  readonly secureAddress?: ListenAddress
  /** Set by control when this start was the first on its database. */
  readonly created?: FirstCredentials
}

interface ChildFailed {
  readonly kind: 'failed'
  /** One line for the person who started Sluice. */
  readonly message: string
}

export type FromChild =
  /** The process listens to messages. */
  | { readonly kind: 'hello' }
  | ChildReady
  | ChildFailed
  | { readonly kind: 'limits'; readonly messages: readonly ToNode[] }
