/** Rule expressions: policies.md §9. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { publicationPart } from '../../test/parts.js'
import { anExchange } from '../../test/exchange.js'
import { PluginDefect } from './bound-plugins.js'
import { compileRule, ruleVariables, type RuleParameter } from './rule-expression.js'

const surroundings = {
  publication: publicationPart(),
  stage: 'RELEASE',
  server: { address: '192.0.2.1', name: 'gateway-1' },
  pathsAsSent: false,
}
const parameters: readonly RuleParameter[] = [
  { type: 'path', name: 'reqPath' },
  { type: 'method', name: 'method' },
  { type: 'header', name: 'user', value: 'X-User' },
  { type: 'query', name: 'page', value: 'p' },
  { type: 'system', name: 'where', value: 'stage' },
]

function matches(expression: unknown, pathsAsSent = false): boolean {
  const variables = ruleVariables(parameters, { ...surroundings, pathsAsSent })
  const request = anExchange({
    target: '/a%20b/c?p=1%2B1&p=2&n=7',
    headers: { 'x-user': 'Zo\xc3\xab' },
  })
  return compileRule(JSON.stringify(expression), variables)(request)
}

test.each<[unknown, boolean]>([
  [['method', '==', 'GET'], true],
  [['method', '~=', 'GET'], false],
  [['method', '!=', 'POST'], true],
  [['reqPath', '==', '/a b/c'], true],
  [['reqPath', '~~', '^/a'], true],
  [['reqPath', '~~', '(?i)B/C$'], true],
  [['user', '==', 'Zoë'], true],
  [['user', '~~', '^Zo.$'], true],
  [['user', 'in', 'Ann, Zoë'], true],
  [['user', 'in', ['Ann', 'Bob']], false],
  [['page', '==', '1+1'], true],
  [['where', '==', 'RELEASE'], true],
  [['$context.apiId', '==', 'a1'], true],
  [['nobody', '==', ''], true],
  [['nobody', '<', 1], false],
  [['AND', ['method', '~=', 'POST'], ['method', '~=', 'PATCH']], true],
  [['OR', ['method', '==', 'POST'], ['AND', ['user', '~~', 'Z'], ['page', '~=', '1']]], true],
  [['!AND', ['method', '==', 'GET'], ['method', '==', 'POST']], true],
  [['!OR', ['method', '==', 'GET']], false],
])('%j: %s', (expression, expected) => {
  expect(matches(expression)).toBe(expected)
})

test('paths as they were sent, where a feature says so', () => {
  expect(matches(['reqPath', '==', '/a%20b/c'], true)).toBe(true)
})

test.each([
  ['>', '3', false],
  ['>=', 2, true],
  ['<', '2.5', true],
  ['<=', 1, false],
  ['<', 'x', false],
] as const)('numbers: 2 %s %s: %s', (operator, operand, expected) => {
  const variable = () => () => '2'
  expect(compileRule(JSON.stringify(['n', operator, operand]), variable)(anExchange())).toBe(expected)
})

test('what is no expression, or has a pattern that cannot be searched for, is a defect', () => {
  for (const bad of [7, [], ['a'], ['a', '=', 'b'], ['AND'], ['a', '~~', '(?=b)'], ['a', '~~', '('], [['a']]])
    expect(() => matches(bad)).toThrow(PluginDefect)
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        matches(value)
      } catch (error) {
        expect(error).toBeInstanceOf(PluginDefect)
      }
    }),
  )
})

test('connectives of any depth mean what they say', () => {
  type Tree = readonly ['method', '==', 'GET' | 'POST'] | readonly [string, ...Tree[]]
  const { tree } = fc.letrec<{ tree: Tree; node: Tree; leaf: Tree }>((tie) => ({
    tree: fc.oneof({ depthSize: 'medium' }, tie('leaf'), tie('node')),
    leaf: fc.constantFrom<Tree>(['method', '==', 'GET'], ['method', '==', 'POST']),
    node: fc
      .tuple(fc.constantFrom('AND', 'OR', '!AND', '!OR'), fc.array(tie('tree'), { minLength: 1, maxLength: 3 }))
      .map(([name, rules]): Tree => [name, ...rules]),
  }))
  const meaning = ([name, ...rules]: Tree): boolean => {
    if (name === 'method') return rules[1] === 'GET'
    const values = (rules as Tree[]).map(meaning)
    const holds = name.endsWith('AND') ? values.every(Boolean) : values.some(Boolean)
    return name.startsWith('!') ? !holds : holds
  }
  fc.assert(
    fc.property(tree, (expression) => {
      expect(matches(expression)).toBe(meaning(expression))
    }),
  )
})
