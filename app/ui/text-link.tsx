import { Link, type LinkProps } from "@remix-run/react";
import { clsx } from "clsx";

/** A link in running text or in a table: underlined, so that it is not told by color alone. */
export function TextLink({ className, ...rest }: LinkProps) {
  return (
    <Link
      {...rest}
      className={clsx(
        "rounded-xs text-accent underline decoration-accent-line decoration-1 underline-offset-3 hover:decoration-current",
        className,
      )}
    />
  );
}
