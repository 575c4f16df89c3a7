import type { AlertRule } from '../core/alert-rule.ts';

/** Alerts about restore drills and migrations. */
export const proofAlerts: readonly AlertRule[] = [];
