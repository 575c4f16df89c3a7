import { toCollectError } from '../../src/sdk.ts';
import type { CheckInput, MongodbCheckItem } from './check-item.ts';
import { at, type Document, documentAt, textAt, timestampSeconds } from './document.ts';
import { grantRoles, roles } from './grants.ts';
import { parseHistograms } from './latency-histogram.ts';
import type { Member } from './member.ts';
import { readOplogStatus } from './oplog.ts';

const oldest = 5;

/** What the version and the settings of a server leave unknown. Data-bearing members and mongos only. */
export async function checkServer(member: Member, input: CheckInput): Promise<readonly MongodbCheckItem[]> {
  const items: MongodbCheckItem[] = [...checkVersion(member)];
  if (member.facts.kind !== 'data') return items;
  const options = { signal: input.signal, group: 'check' };
  const status = await readable(
    member.client.command('admin', { serverStatus: 1, opLatencies: { histograms: true } }, options),
  );
  if (status === undefined) return items;
  items.push(...checkSections(member, status));
  if (member.facts.set !== undefined) items.push(...(await checkOplog(member, input)));
  const parameter = await readable(
    member.client.command('admin', { getParameter: 1, featureCompatibilityVersion: 1 }, options),
  );
  items.push(...checkCompatibility(member, textAt(parameter, 'featureCompatibilityVersion.version')));
  return items;
}

function checkVersion(member: Member): readonly MongodbCheckItem[] {
  const major = Number(member.version?.split('.')[0] ?? oldest);
  if (major >= oldest) return [];
  return [
    {
      severity: 'blind',
      subject: member.name,
      message: `MongoDB ${member.version} is older than ${oldest}.0, for which this collector is made; some values may be missing`,
      remedy: `// upgrade to MongoDB ${oldest}.0 or newer`,
      groups: [],
    },
  ];
}

function checkSections(member: Member, status: Document): readonly MongodbCheckItem[] {
  const items: MongodbCheckItem[] = [];
  if (parseHistograms(status) === undefined) {
    items.push({
      severity: 'blind',
      subject: member.name,
      message:
        'serverStatus has no histograms of latency, so that percentiles and oltp_query_seconds are unknown',
      remedy: '// use a server that offers opLatencies with histograms: mongod of MongoDB does',
      groups: ['operations'],
      metrics: ['latencyP50Seconds', 'latencyP95Seconds', 'latencyP99Seconds'],
    });
  }
  if (documentAt(status, 'wiredTiger.cache') === undefined) {
    items.push({
      severity: 'blind',
      subject: member.name,
      message: `the storage engine ${textAt(status, 'storageEngine.name') ?? ''} has no WiredTiger cache, so that its hit ratio and fill are unknown`,
      remedy: '',
      groups: ['cache'],
    });
  }
  return items;
}

async function checkOplog(
  member: Member,
  { username, signal }: CheckInput,
): Promise<readonly MongodbCheckItem[]> {
  const status = await readOplogStatus(member, { signal });
  if (timestampSeconds(at(status, 'oplog.earliestOptime')) !== undefined) return [];
  const command = {
    find: 'oplog.rs',
    sort: { $natural: -1 },
    limit: 1,
    singleBatch: true,
    projection: { _id: 0, ts: 1 },
  };
  try {
    await member.client.command('local', command, { signal, group: 'check' });
    return [];
  } catch (thrown) {
    const error = toCollectError(thrown);
    // In states such as STARTUP2 a member lets nobody read it.
    if (error.code !== 'denied') return [];
    return [
      {
        severity: 'blind',
        subject: member.name,
        message: 'serverStatus tells nothing of the oplog and local.oplog.rs may not be read',
        remedy: grantRoles(username ?? 'reeve', [roles.oplog]),
        groups: ['oplog'],
      },
    ];
  }
}

/** A lower compatibility version than the server's own is meant for the days of an upgrade. */
function checkCompatibility(member: Member, compatibility: string | undefined): readonly MongodbCheckItem[] {
  const own = member.version?.split('.').slice(0, 2).join('.');
  if (compatibility === undefined || own === undefined || compatibility === own) return [];
  const confirm = Number(own.split('.')[0]) >= 7 ? ', confirm: true' : '';
  return [
    {
      severity: 'advice',
      subject: member.name,
      message: `the featureCompatibilityVersion is ${compatibility} while the server is ${own}: an upgrade was not finished`,
      remedy: `// on the primary or mongos, once nobody wants to go back\ndb.adminCommand({ setFeatureCompatibilityVersion: '${own}'${confirm} });`,
      groups: [],
    },
  ];
}

/** The answer, or undefined where the login may not ask: checkLogin says so already. */
async function readable(answer: Promise<Document>): Promise<Document | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    const error = toCollectError(thrown);
    if (error.code === 'denied' || error.code === 'unsupported') return undefined;
    throw error;
  }
}
