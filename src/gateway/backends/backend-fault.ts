/** A backend's configuration from which no request can be made: its requests answer 500 APIG.0105. */
export class BackendFault extends Error {}
