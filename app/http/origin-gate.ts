/** What the gate looks at. Header names are lower case, as Node gives them. */
export type GateRequest = {
  method: string;
  /** The path without its query. */
  path: string;
  origin: string | undefined;
  secFetchSite: string | undefined;
  host: string | undefined;
};

export type GateSettings = {
  /** The public address of the site, as APP_URL has it. */
  appUrl: string;
  production: boolean;
};

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** Called by other programs, which send no Origin; nothing there reads a cookie. */
const exemptPrefixes = ["/webhooks/"];
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Whether a request may change anything: it must come from a page of this site. `Origin` decides where it is
 * told; where it is missing, or hidden as `null` by a strict referrer policy, `Sec-Fetch-Site`, which no page
 * can forge, must say `same-origin`. A request with neither comes from no browser of ours.
 */
export function passesOriginGate(request: GateRequest, settings: GateSettings): boolean {
  if (safeMethods.has(request.method)) return true;
  if (exemptPrefixes.some((prefix) => request.path.startsWith(prefix))) return true;
  if (request.origin === undefined || request.origin === "null")
    return request.secFetchSite === "same-origin";
  return (
    request.origin === new URL(settings.appUrl).origin ||
    isOwnLoopbackOrigin(request.origin, request.host, settings)
  );
}

export function isLoopbackUrl(url: string): boolean {
  return loopbackNames.has(new URL(url).hostname);
}

/** On a developer's machine the site answers to localhost and 127.0.0.1 alike. */
function isOwnLoopbackOrigin(origin: string, host: string | undefined, settings: GateSettings): boolean {
  if (settings.production && !isLoopbackUrl(settings.appUrl)) return false;
  if (!URL.canParse(origin) || !host) return false;
  const url = new URL(origin);
  return url.protocol === "http:" && loopbackNames.has(url.hostname) && url.host === host.toLowerCase();
}
