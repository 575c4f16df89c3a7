/** What Grafana puts in place of variables and macros before it asks Prometheus. */
export interface MacroValues {
  /** By name of the variable; several values become a regular expression. */
  readonly variables: Readonly<Record<string, string>>;
  readonly rateInterval: string;
  readonly interval: string;
  readonly range: string;
}

/** @throws {Error} when a `$name` is neither a variable nor a macro that is known here. */
export function expandMacros(expr: string, values: MacroValues): string {
  const macros: Readonly<Record<string, string>> = {
    __rate_interval: values.rateInterval,
    __interval: values.interval,
    __range: values.range,
    ...values.variables,
  };
  return expr.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (found, braced?: string, plain?: string) => {
    const value = macros[braced ?? plain ?? ''];
    if (value !== undefined) return value;
    throw new Error(`${found} is neither a variable of the dashboard nor a macro: ${expr}`);
  });
}

/** `label_values(series, label)` or `label_values(label)`. */
export function parseLabelValues(query: string): { readonly series: string; readonly label: string } {
  const [, series = '', label = ''] = /^label_values\((.+), *(\w+)\)$/.exec(query) ?? [];
  if (label === '') throw new Error(`not label_values(series, label): ${query}`);
  return { series, label };
}

/** The labels that a legend names. */
export function legendLabels(legend: string): readonly string[] {
  return [...legend.matchAll(/\{\{ *(\w+) *\}\}/g)].map(([, label = '']) => label);
}
