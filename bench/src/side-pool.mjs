/**
 * Processes that are measured. A net has new ones, for the comparison and for the rounds, so that its memory is its own;
 * layers pass from one case to the next in the same process, as starting one takes longer than measuring them.
 */
export class SidePool {
  /** What each competitor's processes said of themselves. @type {Map<string, import("./types.ts").About>} */
  abouts = new Map();
  /** @type {Map<import("./types.ts").Competitor, Promise<import("./types.ts").Side>>} */
  #open = new Map();

  /**
   * @param {import("./types.ts").Competitor} competitor
   * @param {import("./types.ts").Case} kase
   * @throws Error with the reason when it does not start; asked again, it is not tried again for layers
   */
  async open(competitor, kase) {
    const known = this.#open.get(competitor);
    if (known !== undefined && kase.kind === "layer") return await known;
    this.drop(competitor);
    const starting = competitor.start();
    this.#open.set(competitor, starting);
    const side = await starting;
    this.abouts.set(labelOf(competitor), side.about);
    return side;
  }

  /** A competitor is done with one stage of a case. @param {import("./types.ts").Competitor} competitor @param {import("./types.ts").Case} kase */
  release(competitor, kase) {
    if (kase.kind !== "layer") this.drop(competitor);
  }

  /** Ends a competitor's process. @param {import("./types.ts").Competitor} competitor */
  drop(competitor) {
    this.#open.get(competitor)?.then(
      (side) => side.close(),
      () => {},
    );
    this.#open.delete(competitor);
  }

  close() {
    for (const competitor of [...this.#open.keys()]) this.drop(competitor);
  }
}

/** `pytorch`, `fovea on Node 20.20.2`. @param {import("./types.ts").Competitor} competitor */
export function labelOf({ name, node }) {
  return node === undefined ? name : `${name} on Node ${node.slice(1)}`;
}
