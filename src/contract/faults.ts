import { faultForms, type FaultForm, type FaultParameters } from './generated/faults.js'

export type FaultCode = keyof FaultParameters
export type FaultVariant<C extends FaultCode> = keyof FaultParameters[C]

type Default<C extends FaultCode> = Extract<'default', FaultVariant<C>>

/** Codes whose usual message says nothing about the request. */
export type BareFaultCode = {
  [C in FaultCode]: FaultParameters[C][Default<C>] extends Record<string, never> ? C : never
}[FaultCode]

/** A refusal of the management API: the body is `{"error_code": code, "error_msg": message}`. */
export class Fault extends Error {
  override readonly name = 'Fault'

  constructor(
    readonly code: FaultCode,
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

/** Builds the fault of a code; a variant selects another of its published messages. Throwing it is left to the caller. */
export function fault(code: BareFaultCode): Fault
export function fault<C extends FaultCode, V extends FaultVariant<C> = Default<C>>(
  code: C,
  parameters: FaultParameters[C][V],
  variant?: V,
): Fault
export function fault(code: FaultCode, parameters: Readonly<Record<string, string>> = {}, variant = 'default'): Fault {
  const forms: Readonly<Record<string, FaultForm>> = faultForms[code]
  const form = forms[variant]
  if (form === undefined) throw new TypeError(`${code} has no variant ${variant}`)
  const message = form.message.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? '')
  return new Fault(code, form.status, message)
}

export function isFault(value: unknown): value is Fault {
  return value instanceof Fault
}
