import type { Catalogue } from './catalogue.ts';

/** A file that is derived from the catalogue. */
export interface Artefact {
  /** Relative to the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Renders files from the catalogue; the same catalogue gives the same bytes. */
export type ArtefactRenderer = (catalogue: Catalogue) => readonly Artefact[];
