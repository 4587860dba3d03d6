import { type Endpoint, endpoint } from "#app/api/endpoint.server.ts";
import { openApiDocument } from "#app/api/v1/openapi.server.ts";
import { getEnv } from "#app/infra/env.server.ts";

/** Serves the document of the endpoints beside it; made when first asked for. */
export function openApiEndpoint(endpoints: () => readonly Endpoint[]): Endpoint {
  let document: object | undefined;
  return endpoint({
    method: "GET",
    path: "/openapi.json",
    access: "public",
    summary: "The OpenAPI document of our API",
    handle: () => {
      document ??= openApiDocument(endpoints(), getEnv().appUrl);
      return { status: 200, body: document };
    },
  });
}
