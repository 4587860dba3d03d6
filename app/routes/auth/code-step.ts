import { paths } from "#app/paths.ts";

/** Where the code is entered; the rest is in the flow this browser holds. */
export const codeStepPath = `${paths.signIn()}?step=code`;
