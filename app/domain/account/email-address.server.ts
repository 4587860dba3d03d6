import { z } from "zod";

/** An address as people type it, kept as it is compared: trimmed and lower-cased, at most 254 characters (RFC 5321). */
export const emailAddress = z
  .string("Enter your email address.")
  .trim()
  .toLowerCase()
  .min(1, "Enter your email address.")
  .max(254, "This address is too long. Check for something pasted by mistake.")
  .pipe(z.email("This does not look like an email address, for example name@example.com."));
