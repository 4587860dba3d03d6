import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import createRouter from "find-my-way";
import { allDialects } from "#app/api/dialects.server.ts";
import type { Answer, Call, Dialect, Endpoint } from "#app/api/endpoint.server.ts";
import { handleCall } from "#app/api/handle-call.server.ts";
import { count } from "#app/api/look-up-license.server.ts";
import { Problem } from "#app/api/problem.ts";
import { sendAnswer } from "#app/api/send-answer.server.ts";
import { v1 } from "#app/api/v1/v1.server.ts";
import { recentSettings } from "#app/domain/setting/recent-settings.server.ts";
import { clientAddressReader } from "#app/http/client-address.server.ts";
import { currentTime } from "#app/infra/clock.server.ts";
import { getEnv } from "#app/infra/env.server.ts";
import { logger } from "#app/infra/logger.server.ts";

export type ApiHandler = {
  /** Whether an address belongs to the API; all others are pages. */
  owns(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
};

/** Addresses that only programs call. A license key may stand in them, so they never reach the log of pages. */
const owned =
  /^\/(?:api|v1|v3|management|auth)(?:\/|$)|^\/(?:generate|revoke|activate|validate|deactivate|openapi\.json)\/?$/;

type Target = { endpoint: Endpoint; dialect: Dialect };

/** Every endpoint of our API and of the dialects, mounted ahead of Express and Remix. */
export function createApiHandler(dialects: readonly Dialect[] = allDialects): ApiHandler {
  const router = createRouter<createRouter.HTTPVersion.V1>({
    ignoreTrailingSlash: true,
    maxParamLength: 300,
  });
  const targets = new Map<unknown, Target>();
  for (const dialect of dialects)
    for (const endpoint of dialect.endpoints) {
      const handler = () => undefined;
      targets.set(handler, { endpoint, dialect });
      router.on(endpoint.method, endpoint.path, handler);
    }
  const clientAddress = clientAddressReader(getEnv().trustProxy);

  function find(method: createRouter.HTTPMethod, path: string) {
    const found = router.find(method, path);
    const target = found && targets.get(found.handler);
    return found && target && isOn(target.dialect) ? { ...target, params: found.params } : null;
  }

  /** Nothing is there then, though another dialect may know the same address with other methods. */
  function isSwitchedOff(method: createRouter.HTTPMethod, path: string): boolean {
    const target = targets.get(router.find(method, path)?.handler);
    return target !== undefined && !isOn(target.dialect);
  }

  function allowedMethods(path: string): string[] {
    return (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).filter((method) => find(method, path));
  }

  async function answer(request: IncomingMessage, call: Call, url: URL): Promise<[Answer, Target | null]> {
    const method = call.method === "HEAD" ? "GET" : call.method;
    const found = isRouted(method) ? find(method, call.path) : null;
    if (found) {
      call.params = found.params;
      return [await handleCall(request, call, url.searchParams, found), found];
    }
    const methods = isRouted(method) && isSwitchedOff(method, call.path) ? [] : allowedMethods(call.path);
    if (call.method === "OPTIONS" && methods.length > 0) return [preflight(methods), null];
    const relative = methods[0] && isRouted(methods[0]) ? find(methods[0], call.path) : null;
    const dialect = relative?.dialect ?? v1;
    const problem = problemOf(call, methods);
    return [dialect.answerProblem(problem, call), relative ? { ...relative, dialect } : null];
  }

  /** Why nothing answers here; counted as every call is. */
  function problemOf(call: Call, methods: string[]): Problem {
    try {
      count(call, "flood", call.clientAddress);
    } catch (error) {
      if (error instanceof Problem) return error;
      throw error;
    }
    return methods.length > 0
      ? new Problem("method_not_allowed", `Use ${methods.join(" or ")} here.`, {
          headers: { Allow: methods.join(", ") },
        })
      : new Problem("not_found", "There is nothing at this address. /docs/api lists what there is.");
  }

  return {
    owns: (path) => owned.test(path),
    handle: (request, response) => {
      const startedAt = performance.now();
      const call = readCall(request, clientAddress(request));
      const finish = (result: Answer, target: Target | null) => {
        sendAnswer(request, response, call, result, target?.dialect ?? v1)
          .catch((error: unknown) => {
            logger().error({ err: error, requestId: call.requestId }, "an answer could not be sent");
            response.destroy();
          })
          .finally(() => logCall(call, target?.endpoint ?? null, result.status, startedAt));
      };
      const url = parseUrl(request.url ?? "/");
      if (!url) {
        finish(v1.answerProblem(new Problem("malformed_request", "The address cannot be read.")), null);
        return;
      }
      call.path = url.pathname;
      answer(request, call, url).then(
        ([result, target]) => finish(result, target),
        (error: unknown) => {
          logger().error({ err: error, requestId: call.requestId }, "a call failed");
          finish(v1.answerProblem(new Problem("internal_error", "The problem is on our side.")), null);
        },
      );
    },
  };
}

function isOn({ setting }: Dialect): boolean {
  return setting === null || recentSettings()[setting] !== "off";
}

function readCall(request: IncomingMessage, clientAddress: string): Call {
  return {
    body: undefined,
    params: {},
    query: {},
    method: request.method ?? "GET",
    path: "/",
    headers: request.headers,
    caller: null,
    actor: { type: "system", label: "app" },
    clientAddress,
    requestId: randomUUID(),
    now: currentTime(),
    counted: [],
  };
}

function parseUrl(url: string): URL | null {
  try {
    return new URL(`http://api.invalid${url.startsWith("/") ? url : "/"}`);
  } catch {
    return null;
  }
}

const routed = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

function isRouted(method: string): method is (typeof routed)[number] {
  return (routed as readonly string[]).includes(method);
}

/** A browser asks before it sends JSON to another origin. No cookie is ever read here, so any origin may. */
function preflight(methods: string[]): Answer {
  return {
    status: 204,
    headers: {
      Allow: [...methods, "OPTIONS"].join(", "),
      "Access-Control-Allow-Methods": methods.join(", "),
      "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key, Accept-Signature, Authorization",
      "Access-Control-Max-Age": "86400",
    },
  };
}

/** One line per call: the pattern of the address, never the address itself, because a license key may stand in it. */
function logCall(call: Call, endpoint: Endpoint | null, status: number, startedAt: number): void {
  const isRoutine = status < 400 && endpoint?.access === "public";
  const level = status >= 500 ? "error" : isRoutine ? "debug" : "info";
  const log = logger();
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      requestId: call.requestId,
      method: call.method,
      path: endpoint?.path ?? "(unknown)",
      status,
      ms: Math.round((performance.now() - startedAt) * 10) / 10,
      ...(call.caller && { apiKey: call.caller.id }),
    },
    "api call",
  );
}
