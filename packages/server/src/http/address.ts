import { isIP } from "node:net";
import type { Context } from "hono";

/** The part of a context that @hono/node-server gives to its handler. */
interface NodeContext {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string | undefined } };
}

/**
 * Makes the function that returns the address of a request's client, or null if it has none. Each proxy appends the address
 * that it was called from to `X-Forwarded-For`. Only what trusted proxies appended counts, because a client may send the
 * header too.
 *
 * @param trustedProxies the number of proxies in front of the server
 */
export function createToAddress(trustedProxies: number): (c: Context) => string | null {
  return (c) => {
    const { incoming } = (c.env ?? {}) as NodeContext;
    const direct = toNetwork(incoming?.socket?.remoteAddress);
    if (trustedProxies === 0) return direct;
    const forwarded = (c.req.header("x-forwarded-for") ?? "").split(",");
    return toNetwork(forwarded.at(-trustedProxies)) ?? direct;
  };
}

/** Returns an address without its port. One of IPv6 is that of its network of 64 bits, because a client has all of those. */
function toNetwork(given: string | undefined): string | null {
  const address = given
    ?.trim()
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  if (address === undefined || isIP(address) === 0) return null;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.replace(/%.*/, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  if (tail !== undefined) groups.push(...new Array<string>(8 - groups.length - after.length).fill("0"));
  const network = [...groups, ...after].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
