import { expect } from 'vitest';
import type { JsonObject } from '../../../src/core/remediation/json.ts';
import type { DrillProof } from '../../../src/core/remediation/proof.ts';
import type { Run } from '../../../src/core/remediation/run.ts';
import { type Agent, passUntil, type World } from './remediation-world.ts';

export async function askDrill(agent: Agent, request?: JsonObject): Promise<Run> {
  const asked = { pipeline: 'backup', target: 'orders', by: 'ann' } as const;
  const answer = await agent.control.start(request === undefined ? asked : { ...asked, request });
  if (!answer.ok || answer.run === undefined) throw new Error(answer.text);
  return answer.run;
}

export async function drilled(world: World, request?: JsonObject, stepMs = 5_000): Promise<Run> {
  const agent = await world.start();
  const { id } = await askDrill(agent, request);
  const run = await passUntil(world, id, ['verified', 'failed', 'observed', 'cancelled', 'refused'], stepMs);
  await agent.close();
  return run;
}

export function proofsOf(world: World): Promise<readonly DrillProof[]> {
  return world.proofs.proofs({ kind: 'drill' });
}

export function expectNothingLeft(world: World): void {
  expect([...world.scratch.folders]).toStrictEqual([]);
  expect([...world.backups.servers]).toStrictEqual([]);
}
