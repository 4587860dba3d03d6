import type { HeadersFunction } from "@remix-run/node";

/**
 * The `headers` of every route whose answer may be a 429: Remix keeps no header of a loader, an action or a thrown
 * response by itself, and the browser is to learn when to try again.
 */
export const headers: HeadersFunction = ({ errorHeaders, actionHeaders, loaderHeaders }) => {
  const [retryAfter] = [errorHeaders, actionHeaders, loaderHeaders].flatMap(
    (from) => from?.get("Retry-After") ?? [],
  );
  return retryAfter === undefined ? {} : { "Retry-After": retryAfter };
};
