import { CommonRuns, type RouteFacts, type FieldForm } from './common-runs.js'

/** What the access log says of a route before any request. */
export class RouteLabels {
  readonly #api: RouteFacts
  #form: FieldForm | undefined
  #runs: CommonRuns | undefined

  /** @param secrets names of parameters, in lower case, whose values are secret here, beside those that are everywhere */
  constructor(
    apiId: string,
    apiName: string,
    authType: string,
    readonly secrets?: ReadonlySet<string>,
  ) {
    this.#api = { apiId, apiName, authType }
  }

  /** Those of the form that was asked for last: a log has one. */
  runs(form: FieldForm): CommonRuns {
    if (this.#runs === undefined || form !== this.#form) {
      this.#form = form
      this.#runs = new CommonRuns(this.#api, form)
    }
    return this.#runs
  }
}
