export interface AccessLogOptions {
  /** `stdout`, or the path of a file. */
  readonly destination: string
  /** `text`: the 54 fields of telemetry.md §2.2; `json`: the same record as an object. Default `text`. */
  readonly format?: 'text' | 'json'
  /** Bytes after which a file is rotated; absent: never. Ignored for `stdout`. */
  readonly rotateAt?: number
  /** Rotated files that are kept. Default 5. */
  readonly keep?: number
}
