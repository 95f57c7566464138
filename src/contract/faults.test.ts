import { describe, expect, it } from 'vitest'
import { Fault, fault, isFault } from './faults.js'
import { faultForms } from './generated/faults.js'

describe('fault', () => {
  it('fills the message of the code', () => {
    const refused = fault('APIG.3005', { id: 'abc' })
    expect(refused).toBeInstanceOf(Fault)
    expect(refused).toMatchObject({ code: 'APIG.3005', status: 404 })
    expect(refused.message).toBe('Request throttling policy abc does not exist')
  })

  it('takes another text, and another status, from a variant', () => {
    expect(fault('APIG.3002', { id: 'a' }, 'app').message).toBe('App a does not exist')
    expect(fault('APIG.3474', {}, 'elsewhere').status).toBe(403)
    expect(fault('APIC.9999', {}, 'unsupported')).toMatchObject({ code: 'APIC.9999', status: 501 })
  })

  it('puts values in as they are, without reading placeholders or replacement patterns in them', () => {
    expect(fault('APIG.3005', { id: '{id} $& $1' }).message).toBe('Request throttling policy {id} $& $1 does not exist')
  })

  it('needs no parameters where the message has none', () => {
    expect(fault('APIG.9999').message).toBe('System error')
    expect(isFault(fault('APIG.1005'))).toBe(true)
    expect(isFault(new Error('other'))).toBe(false)
  })

  it('refuses what the catalogue does not have when it is compiled', () => {
    // @ts-expect-error the parameter of this message is `id`
    expect(fault('APIG.3005', { name: 'abc' }).message).toBe('Request throttling policy  does not exist')
    // @ts-expect-error the message needs a parameter
    expect(fault('APIG.3005').status).toBe(404)
    // @ts-expect-error the message has no parameters
    expect(fault('APIG.9999', { id: 'a' }).status).toBe(500)
    // @ts-expect-error there is no such variant
    expect(() => fault('APIG.3005', { id: 'a' }, 'app')).toThrow('no variant app')
    // @ts-expect-error the parameters of a variant are those of its own text
    expect(fault('APIG.2000', { detail: 'x' }, 'unrecognizedFeature').message).toBe('unrecognized feature ')
    // @ts-expect-error the code is listed, but never produced
    expect(() => fault('APIG.1010')).toThrow(TypeError)
  })
})

describe('the catalogue', () => {
  it('has no message that ends with a period, and a sensible status everywhere', () => {
    for (const [code, variants] of Object.entries(faultForms)) {
      for (const { status, message } of Object.values(variants)) {
        expect(message, code).not.toMatch(/\.$/)
        if (code !== 'APIG.0000') expect(status, code).toBeGreaterThanOrEqual(400)
      }
    }
  })
})
