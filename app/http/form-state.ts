/** What a form that was not accepted needs to be shown again: what is wrong, and what was typed. */
export type FormState = {
  /** By field name. */
  errors: Record<string, string>;
  /** A problem of the whole form. */
  formError?: string;
  /** What was typed, without passwords and codes. */
  values: Record<string, string>;
};
