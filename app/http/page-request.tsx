import { createContext, useContext, useSyncExternalStore } from "react";

/** What a page needs to know of the request it answers. It travels by React context, never in loader data. */
export type PageRequest = { requestId: string | undefined; nonce: string | undefined };

const Context = createContext<PageRequest>({ requestId: undefined, nonce: undefined });
export const PageRequestProvider = Context.Provider;

/** The name of the `<meta>` that carries the request id into the browser. */
export const requestIdMeta = "request-id";

export function usePageRequest(): PageRequest {
  return useContext(Context);
}

// Lives in the browser only: one page, one person.
let lastFailedRequestId: string | undefined;

/** Remembers the id of the last request that failed after the page had loaded, so that its error page can name it. */
export function watchFailedRequests(): void {
  const send = window.fetch;
  window.fetch = async (...request) => {
    const response = await send(...request);
    if (response.status >= 400) lastFailedRequestId = response.headers.get("x-request-id") ?? undefined;
    return response;
  };
}

const never = () => () => {};

/** The id of the request whose failure is on the screen. */
export function useRequestId(): string | undefined {
  const { requestId } = usePageRequest();
  return useSyncExternalStore(
    never,
    () => lastFailedRequestId ?? requestId,
    () => requestId,
  );
}
