import { RemixBrowser } from "@remix-run/react";
import { StrictMode, startTransition } from "react";
import { hydrateRoot } from "react-dom/client";
import { PageRequestProvider, requestIdMeta, watchFailedRequests } from "#app/http/page-request.tsx";

watchFailedRequests();

const requestId = document.querySelector<HTMLMetaElement>(`meta[name="${requestIdMeta}"]`)?.content;
// Browsers hide the attribute from the page and keep the property; scripts of ours that load more need it.
const nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;

startTransition(() => {
  hydrateRoot(
    document,
    <StrictMode>
      <PageRequestProvider value={{ requestId, nonce }}>
        <RemixBrowser />
      </PageRequestProvider>
    </StrictMode>,
  );
});
