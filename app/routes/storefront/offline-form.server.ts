import { z } from "zod";
import { DomainError } from "#app/domain/domain-error.ts";

const mostCharacters = 8_000;
const tooLong = "This is longer than any request. Copy only what the app shows as the request.";

export const OfflineForm = z.object({ request: z.string().max(mostCharacters, tooLong).default("") });

/**
 * The pasted text, or else what the uploaded file holds.
 * @throws DomainError INVALID when the file is no request's size.
 */
export async function requestIn(pasted: string, form: FormData): Promise<string> {
  const file = form.get("requestFile");
  if (pasted !== "" || file === null || typeof file === "string") return pasted;
  if (file.size > mostCharacters)
    throw new DomainError("INVALID", "This file is too large for a request. Choose the one the app saved.", {
      field: "requestFile",
    });
  return file.text();
}
