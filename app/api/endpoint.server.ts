import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import type { Problem } from "#app/api/problem.ts";
import type { FoundApiKey } from "#app/domain/api-key/api-key.server.ts";
import type { Scope } from "#app/domain/api-key/scopes.ts";
import type { Actor } from "#app/domain/audit-log/audit-event.ts";
import type { Settings } from "#app/domain/setting/settings.ts";
import type { CallTurn } from "#app/http/call-limits.server.ts";

/** One request, read and proven, as a handler gets it. */
export type Call<Body = unknown, Params = unknown, Query = unknown> = {
  body: Body;
  params: Params;
  query: Query;
  method: string;
  /** The path without its query. */
  path: string;
  headers: IncomingHttpHeaders;
  /** Who proved who they are; null on public endpoints. */
  caller: FoundApiKey | null;
  /** Who does it, for the audit log: the API key, or the app on somebody's device. */
  actor: Actor;
  /** The client's IP address; the one a trusted proxy names when TRUST_PROXY says so. */
  clientAddress: string;
  requestId: string;
  now: Date;
  /** The limits this call was counted under, for the headers of its answer. */
  counted: CallTurn[];
};

export type Answer = {
  status: number;
  /** Sent as JSON; undefined sends no body. */
  body?: unknown;
  /** Sent as it is in place of a body: a file to download, whose type `headers` names. */
  text?: string;
  headers?: Record<string, string>;
  /** A refusal with a status of success, which changed nothing: an Idempotency-Key may be used for it again. */
  refused?: boolean;
};

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What an endpoint may answer, for the API reference. */
export type DescribedAnswer = { description: string; schema?: z.ZodType };

/** One address of the API with everything that is checked before its work: the API reference is made of the same. */
export type Endpoint = {
  method: Method;
  /** With `:name` for parameters. */
  path: string;
  /** `public`: no secret, counted per address and license key. Otherwise the scope an API key must have. */
  access: "public" | Scope;
  summary: string;
  description?: string;
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** How the body may be written; JSON alone unless named. */
  bodyFormats?: readonly ("json" | "form")[];
  /** An empty body counts as `{}`. */
  bodyOptional?: boolean;
  answers?: Record<number, DescribedAnswer>;
  /** Honors an Idempotency-Key; every endpoint that creates or changes does. */
  writes?: boolean;
  handle(call: Call): Promise<Answer> | Answer;
};

type Typed<Body extends z.ZodType, Params extends z.ZodType, Query extends z.ZodType> = Omit<
  Endpoint,
  "body" | "params" | "query" | "handle"
> & {
  body?: Body;
  params?: Params;
  query?: Query;
  handle(call: Call<z.output<Body>, z.output<Params>, z.output<Query>>): Promise<Answer> | Answer;
};

/** An endpoint whose handler knows the types its schemas give. */
export function endpoint<
  Body extends z.ZodType = z.ZodUndefined,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
>(definition: Typed<Body, Params, Query>): Endpoint {
  // The pipeline parses body, params and query with these very schemas before it calls the handler.
  return definition as Endpoint;
}

/** A family of endpoints that clients of one system know, and the shape its refusals have. */
export type Dialect = {
  name: string;
  /** The setting that switches it off; null = always on. */
  setting: keyof Settings | null;
  endpoints: readonly Endpoint[];
  /** `call` is missing where the request failed before it was read. */
  answerProblem(problem: Problem, call?: Pick<Call, "path" | "method">): Answer;
  /** Of bodies that name none themselves. */
  mediaType: string;
  /** Whether answers are signed: always, when the client asks by `Accept-Signature`, or never. */
  signs?: "always" | "when-asked";
  /** The name of the header the signature goes into. */
  signatureHeader?: string;
};
