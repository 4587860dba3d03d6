import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createRequestHandler } from "@remix-run/express";
import type { ServerBuild } from "@remix-run/node";
import compression from "compression";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { ViteDevServer } from "vite";
import { closeGracefully } from "#app/http/close-gracefully.server.ts";
import { checkHost } from "#app/http/host-check.server.ts";
import { passesOriginGate } from "#app/http/origin-gate.ts";
import { sendPlainPage } from "#app/http/plain-page.server.ts";
import { requestContext, setRequestContext } from "#app/http/request-context.server.ts";
import { logRequests } from "#app/http/request-log.server.ts";
import { securityHeaders } from "#app/http/security-headers.server.ts";
import { trustedProxies } from "#app/http/trusted-proxies.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";

/** A plain Node handler in front of everything else, for paths that must be fast. It answers all by itself. */
export type Mount = {
  owns: (path: string) => boolean;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
};

export type ServerOptions = {
  build: ServerBuild | (() => Promise<ServerBuild>);
  /** The development server, which compiles pages as they are asked for. */
  vite?: ViteDevServer;
  mounts?: readonly Mount[];
  /** Where the built site's browser files lie. */
  clientDirectory?: string;
};

/**
 * The web server, not yet listening. `close` stops taking connections, lets requests under way finish for ten
 * seconds and resolves when all are gone; calling it again waits for the same end.
 */
export function createServer(options: ServerOptions): { server: Server; close: () => Promise<void> } {
  const app = createApp(options);
  const mounts = options.mounts ?? [];
  const server = createHttpServer(
    // Clients that send slowly or without end are let go of; a page of ours needs none of this time.
    {
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16_384,
    },
    (request, response) => {
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const mounted = mounts.find((mount) => mount.owns(path));
      if (mounted) mounted.handle(request, response);
      else app(request, response);
    },
  );
  server.maxConnections = 4_096;
  // Without a listener Node drops a CONNECT without a word.
  server.on("connect", (_request, socket) =>
    socket.end("HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\n\r\n"),
  );
  return { server, close: closeGracefully(server) };
}

/** The steps every request takes, in this order. */
function createApp(options: ServerOptions): Express {
  const env = getEnv();
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("trust proxy", trustedProxies(env.trustProxy));
  app.use(identify);
  app.use(logRequests);
  app.use(securityHeaders({ ...env, development: options.vite !== undefined }));
  app.use(refuseMethods);
  app.use(checkHost(env.appUrl));
  app.use(refuseFrameworkEndpoints);
  app.use(refuseBackslashes);
  app.use(compression());
  if (options.vite) app.use(options.vite.middlewares);
  else serveBrowserFiles(app, options.clientDirectory ?? "build/client");
  app.use(originGate);
  app.use(limitBody);
  app.all(
    "*",
    createRequestHandler({
      build: options.build,
      mode: options.vite ? "development" : "production",
      getLoadContext: (_request, response) => requestContext(response),
    }),
  );
  app.use(answerFailure);
  return app;
}

function identify(request: Request, response: Response, next: NextFunction): void {
  response.set("X-Request-Id", setRequestContext(request, response).requestId);
  next();
}

const knownMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function refuseMethods(request: Request, response: Response, next: NextFunction): void {
  if (knownMethods.includes(request.method)) {
    next();
    return;
  }
  response.set("Allow", knownMethods.join(", "));
  sendPlainPage(request, response, {
    status: 405,
    title: "Method not allowed",
    text: "This site does not answer requests of this kind.",
  });
}

/** The endpoints of the two switched-off Remix features; both have flaws that Remix 2 does not mend. */
function refuseFrameworkEndpoints(request: Request, response: Response, next: NextFunction): void {
  const off = request.path === "/__manifest" || request.path.endsWith(".data");
  if (off) sendPlainPage(request, response, { status: 404, ...notHere });
  else next();
}

/** The router takes a backslash for a slash and breaks on what is then no address. No address of ours has one. */
function refuseBackslashes(request: Request, response: Response, next: NextFunction): void {
  if (/\\|%5c/i.test(request.path)) sendPlainPage(request, response, { status: 404, ...notHere });
  else next();
}

const notHere = { title: "Page not found", text: "There is nothing at this address." };

function serveBrowserFiles(app: Express, directory: string): void {
  // The name of a built file holds a hash of its content, so it never changes.
  const built = cachedFor("public, max-age=31536000, immutable");
  app.use("/assets", express.static(`${directory}/assets`, { ...built, redirect: false }));
  app.use("/assets", (request, response) => sendPlainPage(request, response, { status: 404, ...notHere }));
  app.use(express.static(directory, { ...cachedFor("public, max-age=3600"), index: false, redirect: false }));
}

/** Express keeps the policy it finds, and it finds the one for pages. */
function cachedFor(policy: string) {
  return {
    cacheControl: false,
    setHeaders: (response: ServerResponse) => {
      response.setHeader("Cache-Control", policy);
      response.removeHeader("Vary");
    },
  };
}

function originGate(request: Request, response: Response, next: NextFunction): void {
  const { method, path, headers } = request;
  const secFetchSite = headers["sec-fetch-site"];
  const gateRequest = {
    method,
    path,
    origin: headers.origin,
    secFetchSite: typeof secFetchSite === "string" ? secFetchSite : undefined,
    host: headers.host,
  };
  if (!passesOriginGate(gateRequest, getEnv())) {
    sendPlainPage(request, response, {
      status: 403,
      title: "Request refused",
      text: "This form was not sent from a page of this site. Open the page here and send it again.",
    });
    return;
  }
  // Remix makes a check of its own that knows neither proxies nor a hidden origin; this one has decided.
  if (method !== "OPTIONS") delete headers.origin;
  next();
}

/** Forms are small. Programs that send more have limits of their own. */
const maxFormBytes = 262_144;
const maxProgramBytes = 1_048_576;

/** Node holds a body to its Content-Length, so one that is announced is one that is limited. */
function limitBody(request: Request, response: Response, next: NextFunction): void {
  const { headers, path } = request;
  const forPrograms = path.startsWith("/webhooks/");
  const refusal =
    headers["transfer-encoding"] !== undefined && !forPrograms
      ? { status: 411, title: "Length required", text: "The request must say how long its body is." }
      : Number(headers["content-length"] ?? 0) > (forPrograms ? maxProgramBytes : maxFormBytes)
        ? {
            status: 413,
            title: "Too much at once",
            text: "What was sent is larger than any form of this site.",
          }
        : null;
  if (!refusal) {
    next();
    return;
  }
  response.set("Connection", "close");
  sendPlainPage(request, response, refusal);
}

/** Whatever went wrong where Remix could not make a page of it. Express knows this by its four parameters. */
function answerFailure(error: unknown, request: Request, response: Response, _next: NextFunction): void {
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  if (status >= 400 && status < 500) {
    const text = "This request could not be understood.";
    sendPlainPage(request, response, { status, title: "Bad request", text });
    return;
  }
  logger().error({ err: error, requestId: requestContext(response).requestId }, "a request failed");
  sendPlainPage(request, response, {
    status: 500,
    title: "Something went wrong",
    text: "The problem is on our side and has been logged. Please try again in a moment.",
  });
}
