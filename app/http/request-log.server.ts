import type { NextFunction, Request, Response } from "express";
import { requestContext } from "#app/http/request-context.server.ts";
import { logger } from "#app/infra/logger.server.ts";

/** Query parameters whose values say where one is and never who one is; all other values stay out of the log. */
const loggedParameters = new Set([
  "_data",
  "as",
  "direction",
  "do",
  "kind",
  "sort",
  "state",
  "status",
  "step",
  "type",
]);

/** One line per answer: method, path, status, duration and request id; no header, no cookie, no body. */
export function logRequests(request: Request, response: Response, next: NextFunction): void {
  const startedAt = performance.now();
  response.once("close", () => {
    const { requestId } = requestContext(response);
    const level = response.statusCode >= 500 ? "error" : isRoutine(request, response) ? "debug" : "info";
    logger()[level](
      {
        requestId,
        method: request.method,
        path: loggedPath(request.originalUrl),
        status: response.statusCode,
        ms: Math.round((performance.now() - startedAt) * 10) / 10,
        ...(!response.writableFinished && { aborted: true }),
      },
      "request",
    );
  });
  next();
}

/** Files and probes, and what the development server serves in their place. */
function isRoutine(request: Request, response: Response): boolean {
  return response.statusCode < 400 && /^\/(assets|health|app|node_modules|@[\w-]+)\//.test(request.path);
}

/** Programs put license keys into addresses, and mistype them: what might be a key, or most of one, is cut out. */
function withoutKeys(path: string): string {
  return path
    .split("/")
    .map((part) => (mayBeKey(part) ? "…" : part))
    .join("/");
}

function mayBeKey(part: string): boolean {
  // Ids of ours are named by their prefix, Stripe's as well; an API key is not. Files of the site have long names.
  if (/^[a-z]{2,8}_\w+$|\.(js|css)$/.test(part) && !part.startsWith("lk_")) return false;
  return part.startsWith("lk_") || part.replace(/%[0-9a-f]{2}|[^0-9a-z]/gi, "").length >= 24;
}

/** The path with the names of all parameters but the values of harmless ones only, and without what may be a key. */
export function loggedPath(originalUrl: string): string {
  const question = originalUrl.indexOf("?");
  if (question < 0) return withoutKeys(originalUrl);
  const shown = [...new URLSearchParams(originalUrl.slice(question + 1))].map(([name, value]) =>
    loggedParameters.has(name) ? `${name}=${value}` : `${withoutKeys(name)}=…`,
  );
  return `${withoutKeys(originalUrl.slice(0, question))}?${shown.join("&")}`;
}
