import type { Failure } from '../handler.js'
import { TOO_LARGE } from './header-lines.js'
import { TARGET_TOO_LARGE } from './request-head.js'

/** What a head is refused for, by the verdict of its reader. */
export function failureOf(position: number): Failure {
  if (position === TARGET_TOO_LARGE) return 'uri-too-large'
  return position === TOO_LARGE ? 'headers-too-large' : 'bad-request'
}

/** Failures after which nobody can tell where the next request would begin. */
export function closesConnection(failure: Failure): boolean {
  return failure === 'bad-request' || failure === 'request-timeout' || failure === 'body-too-large'
}
