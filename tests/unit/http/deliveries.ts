/** An alert as Alertmanager 0.25 sends it, firing. */
export const firingAlert = {
  status: 'firing',
  labels: { alertname: 'IndexHitRatioLow', target: 'orders', objective: 'index_hit_ratio', subject: 'app' },
  annotations: { summary: 'low' },
  startsAt: '2026-01-01T00:00:00.123456789Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example:9090/graph',
  fingerprint: 'c6eadffa33fcdf37',
} as const;

/** A whole delivery by Alertmanager 0.25. */
export function alertmanagerDelivery(
  alerts: readonly unknown[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    receiver: 'reeve',
    status: 'firing',
    alerts,
    groupLabels: { alertname: 'IndexHitRatioLow' },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example:9093',
    version: '4',
    groupKey: '{}:{alertname="IndexHitRatioLow"}',
    truncatedAlerts: 0,
    ...more,
  });
}

/** A whole delivery by Grafana 12, as its manual shows it. */
export function grafanaDelivery(): string {
  return JSON.stringify({
    receiver: 'My Super Webhook',
    status: 'firing',
    orgId: 1,
    alerts: [
      {
        ...firingAlert,
        startsAt: '2021-10-12T09:51:03.157076+02:00',
        silenceURL: 'https://play.grafana.org/alerting/silence/new?alertmanager=grafana',
        dashboardURL: '',
        panelURL: '',
        imageURL: 'https://play.grafana.org/image.png',
        values: { B: 44.239_437_375_419_08, C: null },
        valueString: "[ metric='' labels={} value=14151.3 ]",
        orgId: 1,
      },
    ],
    groupLabels: {},
    commonLabels: { team: 'blue' },
    commonAnnotations: {},
    externalURL: 'https://play.grafana.org/',
    version: '1',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    title: '[FIRING:1]  (blue)',
    state: 'alerting',
    message: '**Firing**',
  });
}
