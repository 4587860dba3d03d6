import { Transform } from "node:stream";
import {
  type ActionFunctionArgs,
  type AppLoadContext,
  createReadableStreamFromReadable,
  type EntryContext,
  type LoaderFunctionArgs,
} from "@remix-run/node";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";
import { PageRequestProvider } from "#app/http/page-request.tsx";
import { loggedPath } from "#app/http/request-log.server.ts";
import { logger } from "#app/infra/logger.server.ts";

/**
 * React 18 leaves NUL bytes where a character of several bytes does not fit into the rest of a chunk (react issue 24985).
 * HTML never has one on purpose.
 */
function withoutNulBytes(): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, chunk.includes(0) ? chunk.filter((byte) => byte !== 0) : chunk);
    },
  });
}

/** How long parts of a page may keep the rest of it waiting. */
const renderTimeoutMs = 5_000;

export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  { nonce, requestId }: AppLoadContext,
): Promise<Response> {
  // A program that reads pages gets them whole.
  const ready = isbot(request.headers.get("user-agent")) ? "onAllReady" : "onShellReady";
  return new Promise((resolve, reject) => {
    let failed = false;
    const { pipe, abort } = renderToPipeableStream(
      <PageRequestProvider value={{ requestId, nonce }}>
        <RemixServer context={remixContext} url={request.url} abortDelay={renderTimeoutMs} nonce={nonce} />
      </PageRequestProvider>,
      {
        nonce,
        [ready]() {
          const body = withoutNulBytes();
          body.once("close", () => clearTimeout(timer));
          headers.set("Content-Type", "text/html; charset=utf-8");
          resolve(
            new Response(createReadableStreamFromReadable(body), { status: failed ? 500 : status, headers }),
          );
          pipe(body);
        },
        onShellError(error) {
          clearTimeout(timer);
          reject(error);
        },
        onError(error) {
          failed = true;
          if (!request.signal.aborted) logger().error({ err: error, requestId }, "rendering a page failed");
        },
      },
    );
    const timer = setTimeout(abort, renderTimeoutMs);
  });
}

/** Remix calls this for every error that is not a response we threw ourselves. */
export function handleError(
  error: unknown,
  { request, context }: LoaderFunctionArgs | ActionFunctionArgs,
): void {
  if (request.signal.aborted) return;
  const { method, url } = request;
  const fields = { requestId: context.requestId, method, path: loggedPath(new URL(url).pathname) };
  // Such as a method that a route does not know: the client's mistake.
  if (isRouteErrorResponse(error) && error.status < 500) {
    logger().info({ ...fields, status: error.status }, "request refused by the router");
    return;
  }
  logger().error({ err: error, ...fields }, "a page or an action failed");
}
