const day = 86_400_000;

/** How long ended runs are kept, with their plans, decisions, evidence and acts, against the latest change of any. The audit stays for ever. */
export const endedRunsKeptMs = 400 * day;

/** How many ended runs there may be; those that ended first make room. */
export const mostEndedRuns = 20_000;
