import { describe, expect, it } from 'vitest';
import { type ReadPage, readRows } from './job-rows.ts';

describe('readRows', () => {
  it('reads on while pages follow', async () => {
    const readPage: ReadPage = ({ pageToken }) =>
      Promise.resolve(
        pageToken === undefined
          ? [[1, 2], { pageToken: 'b' }, { totalRows: '3' }]
          : [[3], null, { totalRows: '3' }],
      );

    expect(await readRows(readPage, 10)).toEqual({ rows: [1, 2, 3], totalRows: 3 });
  });

  it('counts no row twice when pages repeat', async () => {
    const readPage: ReadPage = () => Promise.resolve([[1, 2], { pageToken: 'a' }, { totalRows: '4' }]);

    await expect(readRows(readPage, 10)).rejects.toThrow('twice');
  });

  it('ends when empty pages lead in a circle', async () => {
    const readPage: ReadPage = () => Promise.resolve([[], { pageToken: 'a' }, { totalRows: '4' }]);

    await expect(readRows(readPage, 10)).rejects.toThrow('twice');
  });

  it('says how many rows there are beyond the limit', async () => {
    const readPage: ReadPage = ({ maxResults }) =>
      Promise.resolve([Array(maxResults).fill(0), { pageToken: String(maxResults) }, { totalRows: '5000' }]);

    expect(await readRows(readPage, 2_500)).toMatchObject({ totalRows: 5_000 });
  });
});
