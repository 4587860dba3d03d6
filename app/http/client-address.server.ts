import type { IncomingMessage } from "node:http";
import proxyAddress from "proxy-addr";
import { trustedProxies } from "#app/http/trusted-proxies.server.ts";

/** Reads the client's IP address as Express does: the peer's, or the one that a trusted proxy names. */
export function clientAddressReader(trustProxy: string | undefined): (request: IncomingMessage) => string {
  const trusted = trustedProxies(trustProxy);
  const peer = (request: IncomingMessage) => request.socket.remoteAddress ?? "unknown";
  if (trusted === false) return peer;
  const trusts =
    typeof trusted === "number"
      ? (_address: string, hop: number) => hop < trusted
      : proxyAddress.compile(trusted);
  return (request) => {
    try {
      return proxyAddress(request, trusts);
    } catch {
      // What the proxy wrote is no address; the peer's own always is one.
      return peer(request);
    }
  };
}
