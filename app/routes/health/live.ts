/** The process runs and answers. Says nothing about what it depends on, so that a lost database restarts nobody. */
export function loader() {
  return new Response("alive\n", { headers: { "Content-Type": "text/plain", "Cache-Control": "no-store" } });
}
