/** What the demo runs of one engine, as the agent and the spectator have to know it. */
export interface Cast {
  /** Id of the engine; several may be of the same. */
  readonly engine: string;
  /** As people write it, such as `Redis with a replica`. */
  readonly title: string;
  /** Set where this is no server of that engine: what stands in for it. */
  readonly double?: string;
  /** The agent's targets, in the order of the scorecard. */
  readonly targets: readonly string[];
  /** Their part of the agent's file: items of `targets`, indented by two. Holds no secret. */
  readonly config: string;
  /** What the secret files that it names hold, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Where a spectator may look around; a password in it is made up for this run. */
  readonly addresses: readonly Address[];
}

export interface Address {
  /** At most eight characters. */
  readonly name: string;
  readonly url: string;
}
