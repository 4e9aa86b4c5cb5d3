type Method = (...given: readonly unknown[]) => unknown;

/**
 * A side of the lab whose code is fetched with its first call, so that opening the page does not wait for it.
 *
 * @param load - gives the side: functions by name
 */
export function lazySide<Side extends object>(load: () => Promise<Side>): Side {
  const answer =
    (name: string) =>
    async (...given: readonly unknown[]) => {
      const side = await load();
      const method = new Map<string, Method>(Object.entries(side)).get(name);
      if (method === undefined) throw new Error(`this side of the lab has no ${name}`);
      return await method.apply(side, [...given]);
    };
  return new Proxy(Object.create(null), {
    get: (_, name) => (typeof name === "string" ? answer(name) : undefined),
  });
}
