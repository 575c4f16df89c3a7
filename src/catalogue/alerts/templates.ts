import type { Unit } from '../../core/metric.ts';

/** Pieces of Prometheus' alert templates: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/ */

/** Sets `$of`, the selector of what is published about the same subject by the same agent. */
export const ofSubject =
  '{{ $of := printf "{job=%q,instance=%q,target=%q,objective=%q,subject=%q}" $labels.job $labels.instance $labels.target $labels.objective $labels.subject }}';

/** `orders`, or `orders / app` where the alert is about a part of the target. */
export const place = '{{ $labels.target }}{{ with $labels.subject }} / {{ . }}{{ end }}';

/** Ready for a shell: the command that shows where the objective stands. */
export const scorecardCommand =
  "reeve objectives --target '{{ $labels.target }}'{{ with $labels.objective }} --objective {{ . }}{{ end }}";

/** `91.3%`. */
export function valueInWords(unit: Unit): string {
  return `${ofSubject}{{ with printf "reeve_objective_value%s" $of | query }}{{ . | first | value${pipes[unit]} }}${suffixes[unit]}{{ else }}not known at the moment{{ end }}`;
}

/** `, must be at most 85% and at least 70%`: the bound in force. Needs `valueInWords` before it in the same text, as that sets `$of`. */
export function boundInWords(unit: Unit): string {
  return `{{ range $i, $bound := printf "reeve_objective_bound%s" $of | query | sortByLabel "bound" }}{{ if $i }} and{{ else }}, must be{{ end }} {{ if eq (label "bound" $bound) "min" }}at least{{ else }}at most{{ end }} {{ $bound | value${pipes[unit]} }}${suffixes[unit]}{{ end }}`;
}

/** `Breached since 2026-11-23 18:44:14 +0000 UTC.` */
export const since = `${ofSubject}{{ with printf "reeve_objective_breached_since_timestamp_seconds%s" $of | query }}Breached since {{ . | first | value | humanizeTimestamp }}.{{ else }}Since when is not known.{{ end }}`;

/** `34.2% of the budget of time in breach is left.`; empty where it is not known. Needs `since` or `ofSubject` before it. */
export const budgetLeft =
  '{{ with printf "reeve_objective_budget_remaining_ratio%s" $of | query }} {{ . | first | value | humanizePercentage }} of the month\'s budget of time in breach is left.{{ end }}';

/** Sets `$control`, the query for the address of the agent that published the series; of any agent where a rule has aggregated it away. */
const control =
  '{{ $control := "reeve_control_info" }}{{ if $labels.instance }}{{ $control = printf "reeve_control_info{job=%q,instance=%q}" $labels.job $labels.instance }}{{ end }}';

/** The page of the breach (or of all the target's breaches) on the agent's control interface; what to do where it has no address. */
export const breachLink = `${control}{{ with query $control }}{{ . | first | label "url" }}/breaches{{ with $labels.target }}?target={{ urlquery . }}{{ end }}{{ with $labels.objective }}&objective={{ . }}&subject={{ urlquery $labels.subject }}{{ end }}{{ else }}none: the agent publishes no address (it is down, or control.externalUrl is not set){{ end }}`;

/** Served by the agent's control interface; where it has no address, the file in the checkout. */
export function runbookLink(alertName: string): string {
  return `${control}{{ with query $control }}{{ . | first | label "url" }}/runbooks/${alertName}{{ else }}alerts/runbooks/${alertName}.md{{ end }}`;
}

const pipes: Readonly<Record<Unit, string>> = {
  seconds: ' | humanizeDuration',
  ratio: ' | humanizePercentage',
  bytes: ' | humanize1024',
  usd: ' | printf "%.2f"',
  timestamp: ' | humanizeTimestamp',
  none: ' | humanize',
};

const suffixes: Readonly<Record<Unit, string>> = {
  seconds: '',
  ratio: '',
  bytes: 'B',
  usd: ' USD',
  timestamp: '',
  none: '',
};
