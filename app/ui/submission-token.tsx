/**
 * Makes a form safe to submit twice: the action refuses to do the same token's work again. The loader makes a
 * fresh one per page with `crypto.randomUUID()`.
 */
export function SubmissionToken({ token }: { token: string }) {
  return <input type="hidden" name="submission" value={token} />;
}
