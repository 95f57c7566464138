/** How often a request has come through gateways, told from one to the next (backends.md §2). */

/** In lower case. */
export const DEPTH_HEADER = 'x-apig-forward-depth'

/** Calls of the gateway by itself that may be nested. */
export const MOST_NESTED = 10

/** What is not a number was not written by a gateway, and counts as none. */
export function depthOf(header: string | undefined): number {
  return header !== undefined && /^\d+$/.test(header) ? Number(header) : 0
}

/** The line that tells the next one, ended by CRLF. */
export const depthLine = (depth: number): string => `X-Apig-Forward-Depth: ${depth}\r\n`
