import { notFound } from "#app/http/respond.server.ts";

/** Every address that no other route knows; the page is the root's error page, the status a real 404. */
export function loader() {
  throw notFound("page");
}

export const action = loader;

export default function NotFound() {
  return null;
}
