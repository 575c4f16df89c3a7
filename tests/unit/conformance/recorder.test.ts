import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecorder } from '../../conformance/recorder.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const canary = 'canary-Pa55w0rd';

describe('createRecorder', () => {
  let folder: TempDir;
  beforeAll(async () => {
    folder = await createTempDir('recorder');
  });
  afterAll(() => folder.remove());

  async function recorded(answer: unknown): Promise<string> {
    const recorder = createRecorder(folder.path);
    recorder.onAnswer({ subject: '', request: 'GET /', answer });
    const [path = ''] = recorder.write('fake', '1', (text) => text);
    return readFile(path, 'utf8');
  }

  it.each([
    ['a list under a secret name', { tokens: [canary] }],
    ['an object under a secret name', { password: { value: canary } }],
    ['a connection string', { connectionString: `AccountEndpoint=https://x;AccountKey=${canary};` }],
    ['a master key', { primaryMasterKey: canary }],
    ['a URL in a text', { uri: `mongodb://user:${canary}@db1/admin` }],
    ['a connection string in a text', { conninfo: `host=db1 password=${canary} user=u` }],
    ['a statement', { statement: `CREATE ROLE u PASSWORD '${canary}'` }],
    ['a signed address', { link: `https://blob/x?sv=1&sig=${canary}` }],
  ])('removes the secret of %s', async (_what, answer) => {
    expect(await recorded(answer)).not.toContain(canary);
  });

  it('keeps what is no secret', async () => {
    const answer = { partitionKey: '/id', tokens: 5, url: 'https://db1/x', statement: 'SELECT 1' };

    expect(JSON.parse(await recorded(answer))).toMatchObject({ answer });
  });

  it('says before anything is read that the folder cannot be made', async () => {
    const recorder = createRecorder(folder.path);
    recorder.onAnswer({ subject: '', request: 'GET /', answer: 1 });
    const [file = ''] = recorder.write('fake', '1', (text) => text);

    expect(() => createRecorder(join(file, 'below'))).toThrow();
  });
});
