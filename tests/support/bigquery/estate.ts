import { informationSchema, type View } from './information-schema.ts';
import { toTuple } from './row-value.ts';

export interface Place {
  readonly project: string;
  /** As in `us` or `europe-west1`. */
  readonly region: string;
}

/** A row as an object: names are those of the view's columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface StoredRow extends Place {
  readonly row: Row;
  readonly tuple: readonly unknown[];
}

/** What there is in the double's projects: rows of INFORMATION_SCHEMA by project and region. */
export class Estate {
  readonly views: ReadonlyMap<string, View> = informationSchema();
  readonly projects: readonly string[];
  readonly regions: readonly string[];
  readonly #rows = new Map<string, StoredRow[]>();
  readonly #live: ((family: string) => readonly StoredRow[])[] = [];

  constructor(projects: readonly string[], regions: readonly string[]) {
    this.projects = projects;
    this.regions = regions;
  }

  /** @param name any of the synonyms of the view. */
  insert(name: string, place: Place, row: Row): void {
    const view = this.#view(name);
    this.#check(place);
    const stored = { ...place, row, tuple: toTuple(view.columns, row) };
    const rows = this.#rows.get(view.family);
    if (rows === undefined) this.#rows.set(view.family, [stored]);
    else rows.push(stored);
  }

  /** Rows that are made anew whenever a view is read: of tables that statements change. */
  show(rows: (family: string) => readonly StoredRow[]): void {
    this.#live.push(rows);
  }

  /** The rows of a view, as they were inserted. */
  rows(name: string): readonly StoredRow[] {
    const { family } = this.#view(name);
    const live = this.#live.flatMap((rows) => rows(family));
    const stored = this.#rows.get(family) ?? [];
    return live.length === 0 ? stored : [...stored, ...live];
  }

  clear(name: string): void {
    this.#rows.delete(this.#view(name).family);
  }

  #view(name: string): View {
    const view = this.views.get(name);
    if (view === undefined) throw new TypeError(`INFORMATION_SCHEMA has no view ${name}`);
    return view;
  }

  #check({ project, region }: Place): void {
    if (!this.projects.includes(project)) throw new TypeError(`the double has no project ${project}`);
    if (!this.regions.includes(region)) throw new TypeError(`the double has no region ${region}`);
  }
}
