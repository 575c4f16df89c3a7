import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
export async function benchExporters(_run: Run): Promise<Report> {
  throw new Error('later');
}
