import { describe, expect, it } from 'vitest';
import { watchTarget } from '../../tests/support/watching.ts';
import { credentialParts } from './credentials.ts';
import { engine } from './index.ts';
import { starterLines } from './starter.ts';

const key = JSON.stringify({
  client_email: 'reeve@double.test',
  private_key: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n',
  private_key_id: 'abcdef0123456789',
});

function problemsOf(
  target: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): string {
  try {
    watchTarget({ engine, target, env });
    return '';
  } catch (thrown) {
    return String(thrown);
  }
}

const target = { project: 'double-shop', regions: ['region-us', 'EU', 'europe-west1'] };

describe('options of BigQuery', () => {
  it('takes a project and regions as people write them', () => {
    expect(problemsOf(target)).toBe('');
  });

  it.each([
    [{ ...target, project: 'shop`; DROP' }, 'must be the id of a project'],
    [{ ...target, regions: ['us`'] }, 'must be a location'],
    [{ ...target, regions: [] }, 'targets[0].regions'],
    [{ ...target, endpoint: 'http://bigquery.internal' }, 'targets[0].endpoint'],
    [{ ...target, endpoint: 'https://user:word@bigquery.internal' }, 'targets[0].endpoint'],
    [{ ...target, endpoint: 'ftp://bigquery.internal' }, 'targets[0].endpoint'],
    [{ ...target, billingTimeZone: 'Mars/Olympus' }, 'must be a time zone'],
    [{ ...target, maximumBytesBilled: '1MiB' }, 'targets[0].maximumBytesBilled'],
    [{ ...target, pricing: { onDemandUsdPerTiB: -1 } }, 'targets[0].pricing.onDemandUsdPerTiB'],
    [{ ...target, credentials: { env: 'KEY' }, keyFile: 'key.json' }, 'give either keyFile or credentials'],
  ])('refuses %j', (wrong, problem) => {
    expect(problemsOf(wrong, { KEY: key })).toContain(problem);
  });

  it('refuses credentials that are no key, without quoting them', () => {
    const problem = problemsOf({ ...target, credentials: { env: 'KEY' } }, { KEY: '{"secret": "hunter22"}' });

    expect(problem).toContain('must be the key of a service account');
    expect(problem).not.toContain('hunter22');
  });

  it('knows every part of a key that must appear nowhere', () => {
    expect(credentialParts(key)).toEqual(
      expect.arrayContaining(['MIIEvQIBADANBgkqhkiG9w0BAQEF', 'abcdef0123456789']),
    );
  });

  it('begins a target from a URL', () => {
    expect(starterLines(new URL('bigquery://double-shop?region=us&region=eu'), 'KEY')?.slice(0, 2)).toEqual([
      'project: double-shop',
      'regions: [us, eu]',
    ]);
    expect(starterLines(new URL('bigquery://double-shop'), 'KEY')).toBeUndefined();
  });
});
