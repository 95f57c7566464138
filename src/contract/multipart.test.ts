import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMultipart } from './multipart.js'
import { accepted, refused } from './testing/requests.js'

const contentType = 'multipart/form-data; boundary=----x'

function form(parts: readonly (readonly [string, string | Buffer])[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([head, content]) => [
      Buffer.from(`------x\r\n${head}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from('------x--\r\n'),
  ])
}

const field = (name: string) => `Content-Disposition: form-data; name="${name}"`
const file = `${field('file_name')}; filename="a \\"b\\".yaml"\r\nContent-Type: application/yaml`

describe('a multipart form', () => {
  it('gives its parts in order, byte by byte', () => {
    const content = Buffer.from([0, 13, 10, 45, 45, 45, 255])
    const parts = parseMultipart(
      form([
        [field('a'), '1'],
        [file, content],
        [field('a'), ''],
      ]),
      contentType,
    )
    expect(parts?.map(({ name }) => name)).toEqual(['a', 'file_name', 'a'])
    expect(parts?.[1]?.part).toEqual({ fileName: 'a "b".yaml', contentType: 'application/yaml', content })
  })

  it('may quote its boundary, name a charset, and have a preamble', () => {
    const body = Buffer.concat([Buffer.from('hello\r\n'), form([[field('a'), '1']])])
    for (const type of [
      'multipart/form-data; charset=utf-8; boundary="----x"',
      'Multipart/Form-Data;boundary=----x; a=b',
    ])
      expect(parseMultipart(body, type)).toHaveLength(1)
  })

  it.each([
    ['without a boundary in the type', form([[field('a'), '1']]), 'multipart/form-data'],
    ['of another type', form([[field('a'), '1']]), 'application/json'],
    ['without an end', Buffer.from(`------x\r\n${field('a')}\r\n\r\n1\r\n`), contentType],
    ['with a part that has no name', form([['Content-Type: text/plain', '1']]), contentType],
    ['with a part that has no head', Buffer.from('------x\r\n1\r\n------x--'), contentType],
    ['with a header that is none', form([[`${field('a')}\r\nnonsense`, '1']]), contentType],
    ['with bare line feeds', Buffer.from(`------x\n${field('a')}\n\n1\n------x--`), contentType],
    ['with too many parts', form(Array.from({ length: 65 }, () => [field('a'), '1'] as const)), contentType],
  ])('is refused %s', (_, body, type) => {
    expect(parseMultipart(body, type)).toBeUndefined()
  })

  it('returns what was put in, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 }), (contents) => {
        const parts = parseMultipart(form(contents.map((each) => [field('a'), Buffer.from(each)])), contentType)
        expect(parts?.map(({ part }) => [...part.content])).toEqual(contents.map((each) => [...each]))
      }),
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('------x', '\r\n', '--', field('a'), ':', 'a', '\r\n\r\n')), (pieces) => {
        parseMultipart(Buffer.from(pieces.join('')), contentType)
      }),
      { numRuns: 500 },
    )
  })
})

describe('an import', () => {
  it('reads flags as booleans and the file as it came', () => {
    const body = form([
      [field('is_create_group'), 'false'],
      [field('group_id'), 'g'],
      [file, 'swagger: "2.0"'],
      [field('other'), '1'],
    ])
    const read = accepted('importApiDefinitionsV2', { body, contentType }).body
    expect(read).toMatchObject({ is_create_group: false, group_id: 'g' })
    expect(read.file_name.content.toString()).toBe('swagger: "2.0"')
    expect(Object.keys(read)).toEqual(['is_create_group', 'group_id', 'file_name'])
  })

  it('needs a form, a file, and a group when it makes none', () => {
    expect(refused('importApiDefinitionsV2', { body: {} }).message).toMatch(/the body is not a multipart form$/)
    expect(refused('importApiDefinitionsV2', { body: form([[field('group_id'), 'g']]), contentType })).toMatchObject({
      code: 'APIG.3609',
    })
    const body = form([
      [field('is_create_group'), 'false'],
      [file, '{}'],
    ])
    expect(refused('importApiDefinitionsV2', { body, contentType })).toMatchObject({ code: 'APIG.2001' })
  })
})
