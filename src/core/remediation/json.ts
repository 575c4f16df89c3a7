/** What JSON can hold: everything that is hashed, journaled or sent. No `undefined`, no dates. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
