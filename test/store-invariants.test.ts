import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { engines } from './engines.js'
import { management } from './management.js'
import { anApi, publish } from './stage.js'
import { brokenInvariants } from './store-invariants.js'

describe.each(engines)('what must be true of a store on $name', (engine) => {
  test('a sound store breaks no rule, and each damage is seen', async () => {
    await using sluice = await management(engine)
    const api = await anApi(sluice, { tags: ['blue'] })
    await publish(sluice, api.id)
    const other = await anApi(sluice)
    expect(await brokenInvariants(sluice.store)).toEqual([])

    const damages = [
      [sql`update publications set group_id = ${other.groupId}`, 'a publication is in the group of its API'],
      [sql`update api_versions set api_id = ${other.id}`, 'a publication leads to a version of its own API'],
      [sql`delete from api_tags`, 'an API is not what its definition says'],
      [sql`update gateway_responses set is_default = 0`, 'a group has one default gateway response'],
      [
        sql`insert into throttle_specials values ('s', ${sluice.instanceId}, ${await aThrottle(sluice)}, 'APP', 'nobody', 1, 1)`,
        'an app with a special limit exists',
      ],
      [sql`insert into api_references values (${api.id}, null, 'channel', 'nobody', 1)`, 'what an API uses is there'],
    ] as const
    for (const [damage, rule] of damages) {
      await sluice.store.write([], ({ db }) => damage.execute(db))
      expect((await brokenInvariants(sluice.store)).join('\n')).toContain(rule)
    }
  })
})

async function aThrottle(sluice: Awaited<ReturnType<typeof management>>): Promise<string> {
  const body = { name: 'throttle', api_call_limits: 1, time_interval: 1, time_unit: 'DAY' }
  return (await sluice.given('createRequestThrottlingPolicyV2', { body })).id as string
}
