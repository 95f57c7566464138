/**
 * An answer that the gateway makes itself. The engine adds the framing (`Content-Length`, `Connection`), `Date`,
 * `Server: api-gateway` and `X-Request-Id`; everything else is here.
 */
export interface Reply {
  readonly status: number
  /** Ready header lines, each ended by CRLF; never framing headers. */
  readonly headers: string
  readonly body: Buffer | string
  /** `Date` line of a reply that is not of this moment. */
  readonly date?: string
  /**
   * Present where the same object answers many requests; it has a date, and its body is ASCII or bytes. `head` is what an
   * engine makes of it for all of them: empty until it has.
   */
  readonly shared?: { head: string }
  /** `APIG.xxxx` and response type when the reply reports an error, for the access log. */
  readonly errorCode?: string
  readonly errorType?: string
}

/** Statuses whose replies have no content, whoever asks for one (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}
