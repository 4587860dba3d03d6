import { Link, useNavigate } from "@remix-run/react";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";

type DialogProps = {
  title: string;
  /** The address without the dialog; Escape and the close link go there. */
  closeTo: string;
  children: ReactNode;
};

/**
 * A dialog whose being open is in the address (`?do=extend`), so that it works without scripts, as a section of
 * the page, and survives reload and Back. With scripts it is modal. Focus returns to the link that opened it, or
 * else to the page.
 */
export function Dialog({ title, closeTo, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const navigate = useNavigate();
  const titleId = useId();

  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    const opener = findOpener();
    dialog.close();
    dialog.showModal();
    // What went wrong first, else the first thing to fill in; the browser would choose the close link.
    const start =
      dialog.querySelector<HTMLElement>("[role='alert']") ?? dialog.querySelector<HTMLElement>(fields);
    start?.focus();
    return () => {
      dialog.close();
      // What opened it may be gone with what was done in it, such as "Suspend" once the license is suspended.
      const back = opener?.isConnected ? opener : document.getElementById("main");
      back?.focus({ preventScroll: true });
    };
  }, []);

  return (
    <dialog
      ref={element}
      open
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        navigate(closeTo, { preventScrollReset: true });
      }}
      className="dialog-frame max-h-[calc(100dvh-2rem)] w-full max-w-[min(34rem,calc(100vw-2rem))] overflow-y-auto rounded-2xl border border-line bg-surface p-5 text-ink shadow-raised sm:p-6"
    >
      <div className="mb-4 flex items-start justify-between gap-4">
        <h2 id={titleId} className="text-lg leading-7 font-semibold tracking-tight wrap-anywhere">
          {title}
        </h2>
        <Link
          to={closeTo}
          preventScrollReset
          aria-label="Close"
          className="-mt-1 -mr-1 inline-flex size-9 flex-none items-center justify-center rounded-lg text-ink-muted hover:bg-sunken hover:text-ink"
        >
          <X aria-hidden="true" className="size-5" />
        </Link>
      </div>
      {children}
    </dialog>
  );
}

const fields = "input:not([type='hidden']), select, textarea";

/** The link that led here: the one in focus, or after a reload the one that points to this very address. */
function findOpener(): HTMLElement | null {
  const focused = document.activeElement;
  if (focused instanceof HTMLElement && focused !== document.body && !focused.closest("dialog"))
    return focused;
  const here = `${location.pathname}${location.search}`;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("a[href]"))
    if (`${link.pathname}${link.search}${link.hash}` === here && !link.closest("dialog")) return link;
  return null;
}
