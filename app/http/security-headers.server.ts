import type { NextFunction, Request, Response } from "express";
import helmet from "helmet";
import { requestContext } from "#app/http/request-context.server.ts";
import type { Env } from "#app/infra/env.server.ts";

type HeaderSettings = Pick<Env, "appUrl" | "stripeApiBase"> & {
  /** The development server injects scripts and styles of its own. */
  development: boolean;
};

const yearSeconds = 31_536_000;
/** Nothing of a signed-in person, and nothing about a purchase or a license, may stay in a cache. */
const privatePath = /^\/(portal|admin|sign-in|sign-out|checkout|offline)(\/|$)/i;

/** The headers every answer carries. What covers which threat stands in docs/security.md. */
export function securityHeaders(settings: HeaderSettings) {
  const onHttps = settings.appUrl.startsWith("https:");
  const common = helmet({
    contentSecurityPolicy: false,
    strictTransportSecurity: onHttps ? { maxAge: yearSeconds, includeSubDomains: false } : false,
    referrerPolicy: { policy: "same-origin" },
    crossOriginOpenerPolicy: { policy: "same-origin" },
    frameguard: { action: "deny" },
  });
  return (request: Request, response: Response, next: NextFunction) => {
    const { nonce } = requestContext(response);
    response.set({
      "Content-Security-Policy": contentSecurityPolicy(nonce, settings),
      "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    });
    setCachePolicy(request, response);
    letRoutesReplace(request, response);
    common(request, response, next);
  };
}

function contentSecurityPolicy(nonce: string, settings: HeaderSettings): string {
  const { development, stripeApiBase } = settings;
  const paymentPages = ["https://checkout.stripe.com", "https://billing.stripe.com"];
  if (stripeApiBase) paymentPages.push(new URL(stripeApiBase).origin);
  const directives = {
    "default-src": "'self'",
    "script-src": development ? "'self' 'unsafe-inline'" : `'strict-dynamic' 'nonce-${nonce}'`,
    "style-src": development ? "'self' 'unsafe-inline'" : `'self' 'nonce-${nonce}'`,
    "img-src": "'self' data:",
    "connect-src": development ? "'self' ws:" : "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    // Browsers hold a redirect after a form to this as well, so the payment pages are in it.
    "form-action": ["'self'", ...paymentPages].join(" "),
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

function setCachePolicy(request: Request, response: Response): void {
  response.set("Cache-Control", privatePath.test(request.path) ? "no-store" : "private, no-cache");
  response.vary("Cookie");
}

/**
 * Remix adds a route's headers to those already set; of these there can be only one. A route's own policy replaces
 * ours (the email preview may be framed by our own page), and private pages stay out of caches whatever it says.
 */
function letRoutesReplace(request: Request, response: Response): void {
  const append = response.append.bind(response);
  response.append = (name: string, value?: string | string[]) => {
    const header = name.toLowerCase();
    if (header === "cache-control" && privatePath.test(request.path)) return response;
    if (header === "content-security-policy") response.removeHeader("X-Frame-Options");
    if (["cache-control", "content-security-policy", "referrer-policy"].includes(header))
      return response.set(name, value);
    return append(name, value);
  };
}
