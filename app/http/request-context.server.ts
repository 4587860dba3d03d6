import type { Request as ExpressRequest, Response as ExpressResponse } from "express";

/** What the edge knows about a request before any route sees it. */
export type RequestContext = {
  /** Made here, never taken from the client; in every log line, answer and error page. */
  requestId: string;
  /** Allows this answer's own inline scripts, and nobody else's. */
  nonce: string;
  /** The client's IP address; the one a trusted proxy names when TRUST_PROXY says so. */
  clientAddress: string;
};

declare module "@remix-run/server-runtime" {
  interface AppLoadContext extends RequestContext {}
}

export function setRequestContext(request: ExpressRequest, response: ExpressResponse): RequestContext {
  const context: RequestContext = {
    requestId: crypto.randomUUID(),
    nonce: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64"),
    clientAddress: request.ip ?? "unknown",
  };
  response.locals.context = context;
  return context;
}

/** @throws Error when asked before the first step of the server has run. */
export function requestContext(response: ExpressResponse): RequestContext {
  const context: unknown = response.locals.context;
  if (!context) throw new Error("The request context was read before it was set.");
  return context as RequestContext; // only `setRequestContext` writes it
}
