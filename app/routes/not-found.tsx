import { DomainError } from "#app/domain/domain-error.ts";
import { errorResponse } from "#app/http/respond.server.ts";

/** Every address that no other route knows; the page is the root's error page, the status a real 404. */
export function loader() {
  throw errorResponse(
    new DomainError("NOT_FOUND", "No page has this address. It may be mistyped, or the page may have moved."),
  );
}

export const action = loader;

export default function NotFound() {
  return null;
}
