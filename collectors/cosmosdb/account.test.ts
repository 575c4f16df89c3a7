import { describe, expect, it } from 'vitest';
import { parseAccount } from './account.ts';
import { parseSettings } from './arm-throughput.ts';
import { Spelling } from './place.ts';
import { fixture } from './testing/fixture.ts';

describe('parseAccount', () => {
  it('knows regions, who takes writes, and that no limit is no number', () => {
    const account = parseAccount(JSON.parse(fixture('cosmosdb-2024-11-15-account-two-regions.json')));

    expect(account).toEqual({
      plane: 'control',
      consistency: 'BoundedStaleness',
      serverless: false,
      regions: [
        { name: 'West Europe', writable: true, failoverPriority: 0 },
        { name: 'North Europe', writable: false, failoverPriority: 1 },
      ],
      throughputLimit: undefined,
      api: { databases: 'sqlDatabases', containers: 'containers' },
      identity: { address: 'orders.documents.azure.com', port: 443 },
    });
  });

  it('knows serverless accounts, and what other APIs call their containers', () => {
    const account = parseAccount(JSON.parse(fixture('cosmosdb-2024-11-15-account-serverless-mongodb.json')));

    expect(account.serverless).toBe(true);
    expect(account.api).toEqual({ databases: 'mongodbDatabases', containers: 'collections' });
  });

  it('calls malformed what is no account', () => {
    expect(() => parseAccount({ value: [] })).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});

describe('parseSettings', () => {
  it('takes the autoscale maximum for provisioned, not what it stands at', () => {
    const answer = JSON.parse(fixture('cosmosdb-2024-11-15-throughput-autoscale-pending.json'));

    expect(parseSettings(answer, 'shop', 'orders')).toEqual({
      database: 'shop',
      container: 'orders',
      perSecond: 4_000,
      autoscaleMaximum: 4_000,
      minimum: 1_000,
      instantMaximum: 10_000,
      softMaximum: 1_000_000,
      replacePending: true,
    });
  });

  it('knows no limit that is empty or no number', () => {
    const answer = JSON.parse(fixture('cosmosdb-2024-11-15-throughput-manual.json'));

    expect(parseSettings(answer, 'shop', '')).toMatchObject({
      perSecond: 1_200,
      autoscaleMaximum: undefined,
      minimum: 400,
      instantMaximum: undefined,
      softMaximum: undefined,
      replacePending: undefined,
    });
  });

  it('calls malformed what holds no throughput', () => {
    expect(() => parseSettings({ properties: { resource: {} } }, 'shop', '')).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });
});

describe('Spelling', () => {
  const spelling = new Spelling(['West Europe']);

  it('takes regions for one whatever their spaces and capitals', () => {
    expect(spelling.region('westeurope')).toBe('West Europe');
    expect(spelling.region('WEST EUROPE')).toBe('West Europe');
    expect(spelling.region('East US')).toBe('East US');
  });

  it('takes what Azure writes for nothing as nothing', () => {
    expect(['<empty>', '__Empty', ''].map((text) => spelling.name(text))).toEqual(['', '', '']);
  });
});
