import type { FastifyInstance } from 'fastify'

/**
 * Closes a server: what is in flight is answered. Node also waits for connections on which nothing was ever asked, as
 * browsers and pools open them in advance, for a minute: they, and whatever else is still open, are cut.
 *
 * @param patience milliseconds
 */
export async function closeWithin(patience: number, app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), patience)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}
