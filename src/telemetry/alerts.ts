import type { AlertRule, AlertTests } from '../core/alert-rule.ts';
import { collectionAlerts } from './collection-alerts.ts';

/** Alerts about the agent's process. Who watches the watcher: these need a Prometheus that Reeve does not depend on. */

const agent = 'job="reeve",instance="reeve:9464"';
const docs = ['https://prometheus.io/docs/practices/alerting/'];

/** One series that has these values in the firing and in the quiet case. */
function oneSeries(series: string, bad: string, good: string, after: string): AlertTests {
  return {
    fires: { series: [{ series, values: bad }], after },
    quiet: { series: [{ series, values: good }], after },
  };
}

export const agentAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveDown',
    severity: 'page',
    // The job has a name that only the operator knows: it is whichever carried an agent during the last week.
    expr: 'up == 0 and on (job, instance) present_over_time($buildInfo[7d])',
    for: '3m',
    summary: 'Reeve at {{ $labels.instance }} does not answer',
    description:
      'Its targets are not watched: no objective is judged, and no breach is seen, until it is back.',
    command: 'systemctl status reeve; journalctl -u reeve -n 50',
    runbook: {
      meaning:
        'Prometheus cannot scrape this agent: the process ended, the machine is gone, or the network between them is. The databases may be in perfect health; nobody is looking. Open breaches are in the store and come back with the agent.',
      steps: [
        'Is the process there? `systemctl status reeve` (or `kubectl get pods -l app=reeve`, `docker ps -a`). What did it say last? `journalctl -u reeve -n 50`.',
        'Exit code 2 is a configuration that cannot be used; every problem is listed in the log. `reeve check -c reeve.yaml` tries a corrected file without starting the daemon.',
        '“another agent holds the lock” means that one runs already on the same store: end that one first.',
        'It runs and does not answer: `curl -sS http://<agent>:9464/healthz`. Then it is the network, TLS or the password of the scrape: the page “Targets” of Prometheus names the error.',
        'Start it: `systemctl start reeve`.',
      ],
      afterwards:
        'It ends with the first scrape. Windows of a few minutes begin anew after a restart, so objectives may be unknown for their window; breaches that were open stay open.',
      links: docs,
    },
    tests: {
      fires: {
        series: [
          { series: `up{${agent}}`, values: '1x5 0x10' },
          { series: `$buildInfo{${agent},version="0.1.0",node="24"}`, values: '1x5 stale' },
        ],
        after: '12m',
      },
      quiet: {
        series: [
          { series: `up{${agent}}`, values: '1x5 0x1 1x10' },
          { series: `$buildInfo{${agent},version="0.1.0",node="24"}`, values: '1x5 stale stale 1x10' },
          { series: 'up{job="node",instance="db1:9100"}', values: '0x20' },
        ],
        after: '12m',
      },
    },
  },
  {
    name: 'ReeveAbsent',
    severity: 'page',
    expr: 'absent($buildInfo)',
    for: '10m',
    summary: 'No Reeve is scraped by this Prometheus',
    description: 'No database is watched. Either every agent is down, or the scrape job is gone.',
    command: 'promtool query instant http://localhost:9090 up',
    runbook: {
      meaning:
        'There is no series of any agent. When agents are down one by one, ReeveDown names them; this one also fires when the scrape job was removed or finds no targets, or when these rules were loaded into a Prometheus that has nothing to do with Reeve.',
      steps: [
        'Look at “Targets” in Prometheus: is there a job for Reeve, and does it have targets? A scrape job needs port 9464 and path /metrics.',
        'If there is one and it is down, go on with the runbook of ReeveDown.',
        'If this Prometheus is not meant to watch Reeve, unload `alerts/rules/` from it.',
      ],
      afterwards: 'It ends with the first scrape of any agent.',
      links: docs,
    },
    tests: {
      fires: { series: [{ series: 'up{job="node",instance="db1:9100"}', values: '1x20' }], after: '15m' },
      quiet: {
        series: [{ series: `$buildInfo{${agent},version="0.1.0",node="24"}`, values: '1x20' }],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveConfigReloadFailed',
    severity: 'ticket',
    expr: '$configReloadSuccessful == 0',
    for: '5m',
    summary: 'Reeve at {{ $labels.instance }} refused its changed configuration',
    description:
      'The previous configuration stays in force; when the agent is restarted, it will not start with this file.',
    command: 'reeve check -c reeve.yaml',
    runbook: {
      meaning:
        'The configuration file was changed, and it has problems. Reeve goes on with the one before. Nothing is lost now, but the next restart ends with exit code 2.',
      steps: [
        'List every problem: `reeve check -c reeve.yaml` (or `journalctl -u reeve | grep "configuration"`).',
        'Mend the file, then reload: `systemctl reload reeve` (SIGHUP).',
      ],
      afterwards:
        'It ends with a reload that succeeds. Run `reeve check` on the file before it is deployed, so that the next mistake is found there.',
      links: docs,
    },
    tests: oneSeries(`$configReloadSuccessful{${agent}}`, '1x2 0x20', '1x20', '15m'),
  },
  {
    name: 'ReeveStoreFailing',
    severity: 'ticket',
    expr: 'increase($storeErrorsTotal[10m]) > 0',
    for: '10m',
    summary: 'Reeve at {{ $labels.instance }} cannot write its store',
    description:
      'Breaches and histories since then are in memory only: a restart would forget them, and proofs of unused indexes would begin anew.',
    command: 'df -h <store path>; journalctl -u reeve | grep store',
    runbook: {
      meaning:
        'Writes to the store have been failing for at least ten minutes: usually the disk is full, read-only or not writable for the user that Reeve runs as. Collecting and judging go on.',
      steps: [
        'Space and rights: `df -h <store path>` and `ls -ld <store path>`; the folder belongs to the user of the service, mode 0700.',
        'What does the log say? `journalctl -u reeve | grep store`.',
        'Make room, or mend the rights. Do not restart before: what could not be written is tried again as long as the agent lives.',
      ],
      afterwards:
        'It ends ten minutes after the last failed write. Give the store a disk that nothing else fills.',
      links: ['https://www.sqlite.org/rescode.html'],
    },
    tests: oneSeries(`$storeErrorsTotal{${agent}}`, '0x5 1+1x40', '7x50', '35m'),
  },
  {
    name: 'ReeveOtlpFailing',
    severity: 'ticket',
    expr: 'increase($otlpExportsTotal{outcome="failure"}[15m]) > 0 unless ignoring (outcome) increase($otlpExportsTotal{outcome="success"}[15m]) > 0',
    for: '15m',
    summary:
      'Reeve at {{ $labels.instance }} has delivered no {{ $labels.signal }} over OTLP for half an hour',
    description: 'Whatever reads these series from the OTLP back end sees a gap. Prometheus is not affected.',
    command: 'journalctl -u reeve | grep -i otlp',
    runbook: {
      meaning:
        'Every batch sent to `otlp.endpoint` failed. The metrics page is not affected, so objectives and alerts go on.',
      steps: [
        'What is the answer? `journalctl -u reeve | grep -i otlp`: refused and timed out are the network or the collector; 401 and 403 are the headers; 400 and 413 are the batch.',
        'Is the collector up? `curl -sS -o /dev/null -w "%{http_code}\\n" -X POST <endpoint>/v1/metrics` (415 or 400 is an answer, and enough).',
      ],
      afterwards: 'It ends with the first batch that is taken. Missed batches are not sent again.',
      links: ['https://opentelemetry.io/docs/specs/otlp/'],
    },
    tests: {
      fires: {
        series: [
          { series: `$otlpExportsTotal{${agent},signal="metrics",outcome="failure"}`, values: '0+1x60' },
          { series: `$otlpExportsTotal{${agent},signal="metrics",outcome="success"}`, values: '90x60' },
        ],
        after: '40m',
      },
      quiet: {
        series: [
          { series: `$otlpExportsTotal{${agent},signal="metrics",outcome="failure"}`, values: '0+1x60' },
          { series: `$otlpExportsTotal{${agent},signal="metrics",outcome="success"}`, values: '90+1x60' },
        ],
        after: '40m',
      },
    },
  },
  {
    name: 'ReeveCollectionsLate',
    severity: 'ticket',
    expr: '$collectLatenessSeconds{rank="p99"} > 5 or ignoring (rank) label_replace(increase($collectSkippedTotal[15m]) > 15, "rank", "skipped", "", "")',
    for: '15m',
    summary:
      'Reeve at {{ $labels.instance }} falls behind: {{ if eq $labels.rank "skipped" }}{{ $value | humanize }} collections were left out in 15 minutes{{ else }}collections begin {{ $value | humanizeDuration }} late{{ end }}',
    description:
      'Values are older than their interval says, and breaches are seen later. It gets worse with every target that is added.',
    command: 'top -p $(pgrep -d, -f "reeve run")',
    runbook: {
      meaning:
        'Collections begin seconds after they are due, or do not begin because the one before still runs. Either the agent has too little CPU, or targets answer slowly.',
      steps: [
        'Which targets are slow? `topk(10, sum by (target) (reeve_collect_duration_seconds))`. A target that takes longer than its interval is left out every other time: give it a longer `interval`.',
        'Is it the agent? `rate(process_cpu_seconds_total{job="reeve"}[5m])` near 1 means that its one thread is busy: split the targets over several agents with `shard: { index, count }`.',
        'Is the machine throttled? Look at the CPU limit of the container; no limit, or one of at least one core, is right.',
      ],
      afterwards: 'It ends when collections have begun on time for a few minutes.',
      links: docs,
    },
    tests: oneSeries(`$collectLatenessSeconds{${agent},rank="p99"}`, '9x40', '0.2x40', '30m'),
  },
  ...collectionAlerts,
];
