/** What tests beside an engine need of src beyond its sdk. */

export { readGroup } from '../../src/collect/group-context.ts';
export { createMemoryHistory } from '../../src/store/memory-history.ts';
