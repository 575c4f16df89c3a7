import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { alertFiles } from '../../src/catalogue/alerts/alert-files.ts';
import { readRenderedAlerts } from '../../src/cli/rendered-alerts.ts';
import { programPath, requireProgram } from '../support/debian.ts';
import { runCommand } from '../support/run-command.ts';
import { alertsFolder, loadCatalogue } from './catalogue.ts';

const path = join(alertsFolder, 'alertmanager.yml');
const files = alertFiles(await loadCatalogue());
const isInstalled = requireProgram('amtool').path !== undefined;

async function amtool(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(programPath('amtool'), args);
  if (code !== 0) throw new Error(`amtool ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout.trim();
}

describe.skipIf(!isInstalled)('alertmanager.yml', { timeout: 60_000 }, () => {
  it('is accepted by amtool as it stands', async () => {
    expect(await amtool('check-config', path)).toContain('SUCCESS');
  });

  it.each([
    [
      'a page about an objective wakes somebody and is told to Reeve',
      ['severity=page', 'source=reeve', 'target=a', 'objective=x'],
      'reeve,pager',
    ],
    [
      'a ticket about an objective is written down and told to Reeve',
      ['severity=ticket', 'source=reeve', 'target=a', 'objective=x'],
      'reeve,ticket',
    ],
    ['an engine’s own page wakes somebody', ['severity=page', 'source=reeve', 'target=a'], 'pager'],
    ['information notifies nobody', ['severity=info', 'source=reeve', 'target=a'], 'null'],
    [
      'a foreign alert about an objective is told to Reeve',
      ['severity=page', 'target=a', 'objective=x'],
      'reeve,pager',
    ],
    ['what nobody thought of is a ticket', ['alertname=Unknown'], 'ticket'],
  ])('%s', async (_, labels, receivers) => {
    expect(await amtool('config', 'routes', 'test', `--config.file=${path}`, ...labels)).toBe(receivers);
  });
});

describe('the inhibitions of alertmanager.yml', () => {
  const config = z
    .looseObject({
      inhibit_rules: z.array(
        z.object({
          source_matchers: z.array(z.string()),
          target_matchers: z.array(z.string()),
          equal: z.array(z.string()),
        }),
      ),
      receivers: z.array(z.looseObject({ name: z.string() })),
    })
    .parse(parse(readFileSync(path, 'utf8')));

  it('name alerts that exist', () => {
    const names = new Set(files.flatMap(({ rules }) => rules.map(({ name }) => name)));
    const mentioned = config.inhibit_rules
      .flatMap((rule) => [...rule.source_matchers, ...rule.target_matchers])
      .flatMap((matcher) => matcher.match(/Reeve[A-Za-z]+/g) ?? []);

    expect(mentioned.length).toBeGreaterThan(5);
    expect(mentioned.filter((name) => !names.has(name))).toEqual([]);
  });

  it('hold back what an agent says of a target that it cannot reach, and not what another one says', () => {
    const down = config.inhibit_rules.find(({ source_matchers: [first] }) => first?.includes('TargetDown'));

    expect(down?.equal.toSorted()).toEqual(['instance', 'job', 'target']);
  });

  it('let the page of one thing hold back no ticket of another', () => {
    const samePlace = config.inhibit_rules.find(({ equal }) => equal.includes('alertname'));
    const rendered = readRenderedAlerts(readFileSync(join(alertsFolder, 'tests/rendered.json'), 'utf8'));
    const alike = new Set(['severity', 'source', 'job', 'instance', 'objective']);
    const pages = Object.entries(rendered).filter(([name]) => name.endsWith(' fires as page'));
    const places = pages
      .filter(([name]) => Object.hasOwn(rendered, name.replace(/page$/, 'ticket')))
      .flatMap(([, alerts]) => alerts.flatMap(({ labels }) => Object.keys(labels)))
      .filter((label) => !alike.has(label));

    expect(places.length).toBeGreaterThan(10);
    expect([...new Set(places)].filter((label) => !samePlace?.equal.includes(label))).toEqual([]);
  });

  it('ask that what they compare is there, so that alerts without a target hold nothing back', () => {
    for (const { source_matchers: source, equal } of config.inhibit_rules) {
      const label = equal.includes('instance')
        ? 'instance'
        : equal.includes('objective')
          ? 'objective'
          : 'target';

      expect(source).toContain(`${label}=~".+"`);
    }
  });
});
