export const passwordMinLength = 12;
export const passwordMaxLength = 200;

/** Why this password cannot be used, with the remedy, or null. Length beats rules about characters (NIST 800-63B). */
export function passwordProblem(password: string, email: string): string | null {
  const characters = [...password.normalize("NFKC")];
  if (characters.length < passwordMinLength)
    return `The password has ${characters.length} characters. Use at least ${passwordMinLength}; a few random words are easy to keep.`;
  if (characters.length > passwordMaxLength)
    return `The password is longer than ${passwordMaxLength} characters.`;
  if (new Set(characters).size < 5)
    return "The password repeats the same few characters. Use at least 5 different ones.";
  if (password !== password.trim())
    return "The password begins or ends with a space. Sign-in forms drop it: leave it out.";
  if (password.toLowerCase() === email.toLowerCase())
    return "The password is the email address. Use something nobody else knows.";
  return null;
}
