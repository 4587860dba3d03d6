import { createContext, useContext } from "react";

/** What a page needs to know of the request it answers. It travels by React context, never in loader data. */
export type PageRequest = { requestId: string | undefined; nonce: string | undefined };

const Context = createContext<PageRequest>({ requestId: undefined, nonce: undefined });

export const PageRequestProvider = Context.Provider;

/** The server's side fills this; in the browser it names the last request that failed, if one did. */
export function usePageRequest(): PageRequest {
  return useContext(Context);
}
