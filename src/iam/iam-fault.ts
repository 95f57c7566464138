import { STATUS_CODES } from 'node:http'

/** A refusal of an IAM call, in the envelope of IAM's version 3: `{"error":{"code","message","title"}}`. */
export class IamFault extends Error {
  override readonly name = 'IamFault'

  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

export const iamErrorBody = (status: number, message: string): string =>
  JSON.stringify({ error: { code: status, message, title: STATUS_CODES[status] ?? 'Error' } })

export const WRONG_CREDENTIALS = 'The username or password is wrong.'
export const FORBIDDEN = 'You are not authorized to perform the requested action.'
