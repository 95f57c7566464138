import { createHash, timingSafeEqual } from 'node:crypto'

/** Tells whether an Authorization header carries the cluster token, in a time that says nothing about the token. */
export function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(`Bearer ${token}`)
  return (authorization) => timingSafeEqual(digest(authorization ?? ''), expected)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
