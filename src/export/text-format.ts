/** The smallest parts of both exposition formats: escaping and numbers. */

const quoted = /["\\\n]/;
const nul = '\0';

/**
 * A label value between its quotes, for both formats. Everything but backslash, quote and newline stands for itself; NUL, which ends
 * the input for Prometheus' parser, becomes U+FFFD.
 */
export function escapeLabelValue(value: string): string {
  const safe = value.includes(nul) ? value.replaceAll(nul, '\uFFFD') : value;
  if (!quoted.test(safe)) return safe;
  return safe.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** A HELP text. OpenMetrics escapes quotes there, the text format does not. */
export function escapeHelp(help: string, quotes: boolean): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? escaped.replaceAll('"', '\\"') : escaped;
}

/** A finite number as both formats read it; the shortest text that gives the same number. */
export function formatValue(value: number): string {
  return value === 0 ? '0' : String(value);
}

const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether Prometheus takes this label name from an exporter; names that begin with two underscores are its own. */
export function isLabelName(name: string): boolean {
  return labelName.test(name) && !name.startsWith('__');
}

/** `name="value"` pairs joined by commas; labels with an empty value are absent labels and left out. */
export function renderLabels(labels: Iterable<readonly [name: string, value: string]>): string {
  let text = '';
  for (const [name, value] of labels) {
    if (value === '') continue;
    text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`;
  }
  return text;
}
