import type { NextFunction, Request, Response } from "express";
import { isLoopbackUrl } from "#app/http/origin-gate.ts";
import { sendPlainPage } from "#app/http/plain-page.server.ts";

/** Asked by load balancers, which call by address. */
const healthPath = /^\/health\//;

/**
 * What browsers resolve before they send: dot segments, backslashes, control characters. Left in, they would let the
 * steps in front of Remix and Remix itself disagree about which page is asked for.
 */
const unresolvedPath = /[\\\p{Cc}]|\/(\.|%2e){1,2}(\/|$)/iu;

/**
 * Lets only requests for this site through, so that no cache, log or link ever carries a foreign host name.
 * Afterwards `Host` is the only header that tells the host, and it tells the truth.
 */
export function checkHost(appUrl: string) {
  const publicHost = isLoopbackUrl(appUrl) ? null : new URL(appUrl).host;
  const scheme = new URL(appUrl).protocol;
  return (request: Request, response: Response, next: NextFunction) => {
    if (!request.originalUrl.startsWith("/") || unresolvedPath.test(request.path))
      return sendPlainPage(request, response, { status: 400, ...badRequest });
    const asked = askedHost(request);
    const url = `${scheme}//${asked}`;
    if (!asked || !URL.canParse(url)) return sendPlainPage(request, response, { status: 400, ...badRequest });
    const host = new URL(url).host;
    if (publicHost && host !== publicHost && !healthPath.test(request.path))
      return sendPlainPage(request, response, { status: 421, ...wrongHost });
    request.headers.host = host;
    delete request.headers["x-forwarded-host"];
    next();
  };
}

const badRequest = { title: "Bad request", text: "The request names no address of this site." };
const wrongHost = {
  title: "Wrong address",
  text: "This site does not answer to the host name in the request. If you run it, set APP_URL to its public address.",
};

/** The host the client asked for; a proxy's word for it counts only where TRUST_PROXY trusts that proxy. */
function askedHost(request: Request): string | undefined {
  const forwarded = request.headers["x-forwarded-host"];
  const trusts: unknown = request.app.get("trust proxy fn");
  const trusted = typeof trusts === "function" && trusts(request.socket.remoteAddress, 0) === true;
  if (trusted && typeof forwarded === "string") return forwarded.split(",")[0]?.trim();
  return request.headers.host;
}
