import type { PanelKind, PanelQuery, PanelUnit } from '../../src/core/dashboard.ts';
import type { ObjectiveId } from '../../src/core/objective.ts';

/** A dashboard before it is Grafana's JSON: rows of panels whose queries are PromQL with Grafana's variables and macros. */
export interface DashboardPlan {
  /** File name and uid: `reeve-overview`. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** After `datasource`, `job` and `control`, which every dashboard has. */
  readonly variables: readonly PlannedVariable[];
  readonly annotations: readonly PlannedAnnotation[];
  readonly rows: readonly PlannedRow[];
}

/** A variable with the values of a label. */
export interface PlannedVariable {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** `label_values(series, label)`; the series has to be there also while databases are down. */
  readonly query: string;
  /** `one`: a value that links are built from; never shown. */
  readonly choice: 'many' | 'one';
}

/** Marks on the time axis of every graph. */
export interface PlannedAnnotation {
  readonly name: string;
  readonly expr: string;
  /** Grafana's `{{label}}` notation. */
  readonly text: string;
  readonly colour: string;
  /** The value is the time of the mark, in milliseconds; otherwise a mark lasts as long as there are values. */
  readonly valueIsTime: boolean;
  readonly usuallyEmpty?: string;
}

export interface PlannedRow {
  readonly title: string;
  readonly panels: readonly PlannedPanel[];
}

export interface PlannedPanel {
  readonly title: string;
  readonly description: string;
  readonly kind: PanelKind;
  readonly unit: PanelUnit;
  readonly queries: readonly PlannedQuery[];
  /** Columns of 24. */
  readonly width: number;
  /** Grid units of 30 pixels; the usual height of the kind unless set. */
  readonly height?: number;
  readonly objective?: ObjectiveId;
  readonly thresholds?: Thresholds;
  /** Texts and colours of values. */
  readonly values?: readonly ValueText[];
  /** Colours of lines, by their name. */
  readonly lineColours?: Readonly<Record<string, string>>;
  readonly usuallyEmpty?: string;
  readonly table?: TableLayout;
  readonly links?: readonly PanelLink[];
}

export interface Thresholds {
  readonly warning: number;
  readonly critical: number;
  readonly below?: true;
}

export interface PlannedQuery extends PanelQuery {
  /** Drawn dashed: a bound, not a measurement. */
  readonly isBound?: true;
}

export interface ValueText {
  readonly value: number;
  readonly text: string;
  readonly colour: string;
}

/** Columns of a table, in this order; labels that are not named are hidden. */
export interface TableLayout {
  readonly columns: readonly TableColumn[];
  /** Title of the column, and whether the highest comes first. */
  readonly sort: { readonly column: string; readonly descending: boolean };
}

export interface TableColumn {
  readonly title: string;
  /** A label, or the number of the query whose value it is. */
  readonly from: string | number;
  readonly unit?: PanelUnit;
  readonly widthPixels?: number;
  readonly values?: readonly ValueText[];
  readonly link?: PanelLink;
  /** There for links of other columns. */
  readonly hidden?: true;
}

export interface PanelLink {
  readonly title: string;
  readonly url: string;
}
