import { measuresOf } from '../../core/proof-metrics.ts';
import type { Catalogue } from '../catalogue.ts';
import type { AlertFile } from './alert-file.ts';
import { burnRateRecordings } from './burn-rates.ts';
import { objectiveCompanions } from './objective-companions.ts';
import { objectiveRules } from './objective-rules.ts';

/** All files of rules: about objectives, about the agent, about what it proves, and one for each engine that has some. */
export function alertFiles({ engines, agent }: Catalogue): readonly AlertFile[] {
  const ownTables = agent.map(({ metrics }) => metrics);
  const measured = new Set(engines.flatMap((engine) => measuresOf(engine).map(({ objective }) => objective)));
  const files: readonly AlertFile[] = [
    {
      name: 'objectives',
      summary: 'The success metrics, as Reeve judges them for each target; no bound is repeated here.',
      tables: ownTables,
      recordings: burnRateRecordings,
      rules: measured.size === 0 ? [] : [...objectiveRules(measured), ...objectiveCompanions],
    },
    {
      name: 'agent',
      summary: 'Reeve itself: whether it runs, reaches its targets, and says everything it knows.',
      tables: ownTables,
      recordings: [],
      rules: agent.flatMap(({ alerts, alertFile }) => (alertFile === undefined ? (alerts ?? []) : [])),
    },
    ...agent.flatMap(({ alerts = [], alertFile, metrics }) =>
      alertFile === undefined
        ? []
        : [
            {
              name: alertFile.name,
              summary: alertFile.summary,
              tables: [metrics, alertFile.table, ...ownTables],
              recordings: [],
              rules: alerts,
            },
          ],
    ),
    ...engines.map(({ id, title, metrics, alerts }) => ({
      name: id,
      engine: id,
      summary: `What operators of ${title} expect to be told, whatever the objectives say.`,
      tables: [metrics, ...ownTables],
      recordings: [],
      rules: alerts ?? [],
    })),
  ];
  return files.filter(({ rules }) => rules.length > 0);
}
