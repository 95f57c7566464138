import type { OrderRow } from './schema.js'
import type { Database } from './store.js'

export async function insertOrder(db: Database, row: OrderRow): Promise<void> {
  await db.insertInto('orders').values(row).execute()
}
