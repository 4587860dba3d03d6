import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { useRequestId } from "#app/http/page-request.tsx";
import { paths } from "#app/paths.ts";
import { ErrorPage } from "#app/ui/error-page.tsx";

type Words = { status: number; title: string; text: string };

const titles: Record<number, string> = {
  400: "This request could not be understood",
  403: "You may not do this",
  404: "There is nothing here",
  405: "This address is not for that",
  409: "Somebody else was faster",
  422: "Something in the request is not right",
  429: "Too many tries",
  503: "Not available right now",
};

const texts: Record<number, string> = {
  400: "Go back, reload the page and try again.",
  403: "Ask an owner or an admin of this shop if you need to.",
  404: "The address may be mistyped, or the page has moved or was never yours to see.",
  405: "Go back and use the buttons of the page.",
  409: "Go back, reload the page to see what changed, and try again.",
  422: "Go back, check what you entered and try again.",
  429: "Please wait a few minutes and try again.",
  503: "Please try again in a moment.",
};

/** The words for whatever was thrown. What our own loaders said is shown; nothing of an unexpected error is. */
function wordsFor(error: unknown): Words {
  if (!isRouteErrorResponse(error) || error.status >= 500)
    return {
      status: isRouteErrorResponse(error) ? error.status : 500,
      title:
        isRouteErrorResponse(error) && error.status === 503
          ? "Not available right now"
          : "Something went wrong",
      text:
        messageOf(error) ?? "The problem is on our side and has been logged. Please try again in a moment.",
    };
  const { status } = error;
  return {
    status,
    title: titles[status] ?? "This did not work",
    text: messageOf(error) ?? texts[status] ?? "Go back and try again.",
  };
}

/** The `message` that app/http/respond.server.ts puts into its responses. */
function messageOf(error: unknown): string | null {
  if (!isRouteErrorResponse(error)) return null;
  const body: unknown = error.data;
  if (typeof body !== "object" || body === null || !("message" in body)) return null;
  return typeof body.message === "string" ? body.message : null;
}

export type Back = { to: string; label: string };

/** The page for anything thrown below the error boundary that shows it. */
export function RouteErrorPage({
  back = { to: paths.home(), label: "Go to the start page" },
}: {
  back?: Back;
}) {
  const { status, title, text } = wordsFor(useRouteError());
  const requestId = useRequestId();
  return (
    <ErrorPage status={status} title={title} requestId={requestId} back={back}>
      <p>{text}</p>
    </ErrorPage>
  );
}

/** The document title beside it. */
export function errorTitle(error: unknown): string {
  return `${wordsFor(error).title} · Latchkey`;
}
