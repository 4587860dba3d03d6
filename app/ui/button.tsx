import { Link, type LinkProps } from "@remix-run/react";
import { cva } from "class-variance-authority";
import { clsx } from "clsx";
import { LoaderCircle } from "lucide-react";
import type { ComponentPropsWithoutRef, MouseEvent } from "react";

export type ButtonVariant = "primary" | "secondary" | "danger" | "danger-outline" | "quiet";
export type ButtonSize = "medium" | "small";

const look = cva(
  [
    "inline-flex items-center justify-center gap-2 rounded-lg border font-medium whitespace-nowrap no-underline",
    "transition-colors select-none aria-disabled:cursor-not-allowed aria-disabled:opacity-70",
    "disabled:cursor-not-allowed disabled:opacity-60 print:hidden",
  ],
  {
    variants: {
      variant: {
        primary: "border-transparent bg-accent-fill text-accent-on shadow-card hover:bg-accent-hover",
        secondary:
          "border-line-strong/60 bg-surface text-ink shadow-card hover:border-line-strong hover:bg-sunken",
        // Leads to something grave without doing it yet.
        "danger-outline":
          "border-line-strong/60 bg-surface text-bad shadow-card hover:border-bad-line hover:bg-bad-soft",
        danger: "border-transparent bg-danger-fill text-danger-on shadow-card hover:bg-danger-hover",
        quiet: "border-transparent bg-transparent text-accent hover:bg-accent-soft",
      },
      size: {
        medium: "min-h-10.5 px-4 py-2 text-[0.9375rem] leading-6",
        small: "min-h-8 px-3 py-1 text-sm leading-5",
      },
    },
    defaultVariants: { variant: "primary", size: "medium" },
  },
);

type Look = { variant?: ButtonVariant | undefined; size?: ButtonSize | undefined };

export type ButtonProps = ComponentPropsWithoutRef<"button"> & Look & { pending?: boolean | undefined };

/** Submits its form unless `type` says otherwise. While `pending` it keeps focus, says so and cannot be pressed again. */
export function Button({ variant, size, pending, className, children, type, onClick, ...rest }: ButtonProps) {
  function press(event: MouseEvent<HTMLButtonElement>) {
    if (pending) event.preventDefault();
    else onClick?.(event);
  }
  return (
    <button
      {...rest}
      type={type ?? "submit"}
      onClick={press}
      aria-disabled={pending || undefined}
      className={clsx(look({ variant, size }), className)}
    >
      {pending && (
        <span className="appear-late">
          <LoaderCircle aria-hidden="true" className="size-4 animate-spin" />
        </span>
      )}
      {children}
      {pending && <span className="sr-only">(working)</span>}
    </button>
  );
}

export type ButtonLinkProps = LinkProps & Look;

/** A link that looks like a button, for going somewhere; anything that changes something is a Button in a form. */
export function ButtonLink({ variant, size, className, ...rest }: ButtonLinkProps) {
  return <Link {...rest} className={clsx(look({ variant, size }), className)} />;
}
