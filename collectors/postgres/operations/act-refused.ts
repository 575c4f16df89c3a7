import type { Refusal } from '../../../src/sdk.ts';

/** The world is not as it must be for an act: nothing was done. */
export class ActRefused extends Error {
  override readonly name = 'ActRefused';
  readonly refusal: Refusal;

  constructor(id: string, text: string) {
    super(text);
    this.refusal = { id, text };
  }
}
