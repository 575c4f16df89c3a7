import { afterAll } from 'vitest';
import { createPostgresPlaces } from './postgres-places.ts';
import { describeStore } from './store.contract.ts';
import { describeObjectiveRecords } from './store-objectives.contract.ts';
import { describeProofRecords } from './store-proofs.contract.ts';
import { describeRemediationRecords } from './store-remediation.contract.ts';

const places = createPostgresPlaces();

afterAll(() => places.dispose());

for (const describeAll of [
  describeStore,
  describeObjectiveRecords,
  describeRemediationRecords,
  describeProofRecords,
])
  describeAll('postgres', () => places.create(), { isDurable: true });
