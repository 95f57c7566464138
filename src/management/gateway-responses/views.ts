import type { ReplyBody } from '../../contract/operation.js'
import type { GatewayResponseType, ResponseInfo, ResponseInfoResp } from '../../contract/generated/schemas.js'
import type { GatewayResponseRow } from '../../store/schema.js'
import { readTime, writtenTime } from '../time.js'
import { DEFAULT_BODY, defaultStatus, responseTypes } from './defaults.js'
import { overridesOf } from './overrides.js'

type ResponseSet = ReplyBody<'createGatewayResponseV2'>

export const createdResponse = (row: GatewayResponseRow): ResponseSet =>
  responseView(row, writtenTime(row.created_at), writtenTime(row.updated_at))

export const updatedResponse = (row: GatewayResponseRow): ResponseSet =>
  responseView(row, readTime(row.created_at), writtenTime(row.updated_at))

export const readResponse = (row: GatewayResponseRow): ResponseSet =>
  responseView(row, readTime(row.created_at), readTime(row.updated_at))

/** One type of a set, under its name. */
export function typeView(
  row: GatewayResponseRow,
  type: GatewayResponseType,
): ReplyBody<'showDetailsOfGatewayResponseTypeV2'> {
  return { [type]: entryView(type, overridesOf(row)[type]) }
}

function responseView(row: GatewayResponseRow, createTime: string, updateTime: string): ResponseSet {
  const overrides = overridesOf(row)
  return {
    id: row.id,
    name: row.name,
    default: row.is_default === 1,
    responses: Object.fromEntries(responseTypes.map((type) => [type, entryView(type, overrides[type])])),
    create_time: createTime,
    update_time: updateTime,
  }
}

function entryView(type: GatewayResponseType, override: ResponseInfo | undefined): ResponseInfoResp {
  const { status = defaultStatus[type], body = DEFAULT_BODY, headers } = override ?? {}
  return { status, body, ...(headers !== undefined && { headers }), default: override === undefined }
}
