/** A file that came as a part of a multipart form. */
export interface FilePart {
  /** As the client named it; empty when it gave none. Never a path to be used on this machine. */
  readonly fileName: string
  readonly contentType: string
  readonly content: Buffer
}

/** A file that an operation answers with. */
export interface FileReply {
  readonly fileName: string
  readonly content: Buffer | string
}
