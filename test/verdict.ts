/** A refusal in short: `400 2011 name` for a wrong parameter, `404 3023`; the status alone for a success. */
export function verdict({ status, body }: { readonly status: number; readonly body: unknown }): string {
  const { error_code: code = '', error_msg: message = '' } = (body ?? {}) as Partial<Record<string, string>>
  const parameter = /parameter ?name:(\w+)/i.exec(message)?.[1]
  return [String(status), code.replace(/^APIG\./, ''), parameter].filter(Boolean).join(' ')
}
