import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Gauge, Registry } from 'prom-client';
import type { Encoding } from '../measure/scrape.ts';
import type { Subject } from './subject.ts';
import { labelNames, labelsOf, metrics, shape, targetId, valueOf } from './synthetic-snapshots.ts';

const compress = promisify(gzip);

/** The same series in prom-client, with the HTTP handler of its README; it has no gzip, so that is added as Reeve does it. */
export async function startPromClientSubject(): Promise<Subject> {
  const registry = new Registry();
  const gauges = metrics.map(
    ({ name, help }) =>
      new Gauge({ name, help, labelNames: ['target', 'engine', ...labelNames], registers: [registry] }),
  );
  const replace = (target: number, round: number): void => {
    for (const [family, gauge] of gauges.entries()) {
      for (let object = 0; object < shape.objects; object += 1) {
        const [database = '', schema = '', relation = ''] = labelsOf(target, object);
        const labels = { target: targetId(target), engine: 'postgres', database, schema, relation };
        gauge.set(labels, valueOf(target, family, object, round));
      }
    }
  };
  for (let target = 0; target < shape.targets; target += 1) replace(target, 0);
  const render = async (encoding: Encoding): Promise<Buffer | string> => {
    const text = await registry.metrics();
    return encoding === 'gzip' ? compress(text, { level: 1 }) : text;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const encoding = request.headers['accept-encoding'] === 'gzip' ? 'gzip' : 'identity';
    const body = await render(encoding);
    response.writeHead(200, { 'content-type': registry.contentType, 'content-encoding': encoding });
    response.end(body);
  };
  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    handle: async (encoding) => (await render(encoding)).length,
    replace,
  };
}
