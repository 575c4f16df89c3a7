import type { Report } from '../report.ts';
import type { Run } from '../run.ts';
export async function benchFleet(_run: Run): Promise<Report> {
  throw new Error('later');
}
