import { isIP } from "node:net";
import { hostname } from "node:os";
import { RequestFailure } from "./failure.ts";
import { loopbackNames } from "./options.ts";

/**
 * Refuses a request that was sent under another name than ours, or by a page of another site: the former means a page that has
 * its own name lead here.
 *
 * @param isOurs - whether a name, as in an address, is ours
 * @throws RequestFailure 421
 */
export function checkNames({ headers }: Request, isOurs: (name: string) => boolean, hint: string): void {
  const host = headers.get("host") ?? "";
  const origin = headers.get("origin");
  const good = (address: string) => isOurs(nameIn(address));
  if (good(`http://${host}`) && (origin === null || good(origin))) return;
  throw new RequestFailure(421, `this service is not known as ${JSON.stringify(origin ?? host)}`, { hint });
}

/**
 * Refuses a request of a page that did not come from this very server, its port included: another server on this machine is
 * another site.
 *
 * @throws RequestFailure 403
 */
export function checkOrigin({ headers }: Request): void {
  const origin = headers.get("origin");
  if (origin === null) return;
  const own = `http://${headers.get("host") ?? ""}`;
  if (URL.canParse(origin) && URL.canParse(own) && new URL(origin).host === new URL(own).host) return;
  throw new RequestFailure(403, `pages of ${JSON.stringify(origin)} may not ask here`, {
    hint: "Open the address that the server has printed.",
  });
}

/**
 * Whether a name leads to this machine without anybody's say in it: loopback's names, addresses in figures, and what the
 * machine is called. A page that has its own name lead here ("DNS rebinding") comes under a name that is none of these.
 */
export function isOwnName(name: string): boolean {
  const own = hostname().toLowerCase();
  if (loopbackNames.includes(name) || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return own !== "" && (name === own || name === `${own}.local`);
}

/** The name in an address, as a host's; empty when it is none. */
function nameIn(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname : "";
}
