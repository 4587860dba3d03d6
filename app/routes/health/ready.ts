import { isDatabaseReady } from "#app/infra/database-health.server.ts";

/** 200 when this process can do its work, 503 when the database does not answer within a second. */
export async function loader() {
  const ready = await isDatabaseReady(1_000);
  return new Response(ready ? "ready\n" : "the database does not answer\n", {
    status: ready ? 200 : 503,
    headers: {
      "Content-Type": "text/plain",
      "Cache-Control": "no-store",
      ...(!ready && { "Retry-After": "5" }),
    },
  });
}
