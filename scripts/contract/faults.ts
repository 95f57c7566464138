interface CatalogueEntry {
  readonly status: number
  readonly message: string
  /** Listed for completeness when false. */
  readonly produced: boolean
  /** Other texts, or statuses, that certain operations have under the same code. */
  readonly variants?: Readonly<Record<string, { readonly status?: number; readonly message?: string }>>
}

/** The form of spec/errors.json. */
export interface Catalogue {
  readonly errors: Readonly<Record<string, CatalogueEntry>>
}

const placeholders = (message: string) => [...new Set([...message.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))]

/** The text of generated/faults.ts. Codes that are never produced are left out, so that nobody can produce one. */
export function faultTypes(catalogue: Catalogue): string {
  const entries = Object.entries(catalogue.errors).filter(([, entry]) => entry.produced)
  return `/** Parameters of the message of each code, by variant. */
export interface FaultParameters {
${entries.map(([code, entry]) => parameterTypes(code, entry)).join('')}}

export interface FaultForm {
  readonly status: number
  readonly message: string
}

/** Status and message template of each code, by variant. */
export const faultForms: { readonly [C in keyof FaultParameters]: Readonly<Record<keyof FaultParameters[C], FaultForm>> } = {
${entries.map(([code, entry]) => forms(code, entry)).join('')}}
`
}

function allVariants(entry: CatalogueEntry): [string, { status: number; message: string }][] {
  const { status, message } = entry
  return [
    ['default', { status, message }],
    ...Object.entries(entry.variants ?? {}).map(([name, variant]): [string, { status: number; message: string }] => [
      name,
      { status: variant.status ?? status, message: variant.message ?? message },
    ]),
  ]
}

function parameterTypes(code: string, entry: CatalogueEntry): string {
  const variants = allVariants(entry).map(([name, { message }]) => {
    const names = placeholders(message)
    const type =
      names.length === 0 ? 'Record<string, never>' : `{ ${names.map((each) => `${each}: string`).join('; ')} }`
    return `${name}: ${type}`
  })
  return `  '${code}': { ${variants.join('; ')} }\n`
}

function forms(code: string, entry: CatalogueEntry): string {
  const variants = allVariants(entry).map(
    ([name, { status, message }]) => `    ${name}: { status: ${status}, message: ${JSON.stringify(message)} },\n`,
  )
  return `  '${code}': {\n${variants.join('')}  },\n`
}
