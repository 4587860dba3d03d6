import { useRevalidator } from "@remix-run/react";
import { useEffect, useRef } from "react";

/** Work that is merely queued is done within the first of these; what takes longer is left to a reload. */
const delaysMs = [700, 1_500, 3_000, 6_000];

/**
 * Asks the loader again a few times while something the page shows is about to change by itself, such as a queued
 * email. Never while somebody types, and not over an answer to a form, which asking again would take away: `waiting`
 * has to be false then.
 */
export function useFreshWhile(waiting: boolean): void {
  const { revalidate, state } = useRevalidator();
  const looks = useRef(0);
  useEffect(() => {
    if (!waiting) looks.current = 0;
    const delay = delaysMs[looks.current];
    if (!waiting || state !== "idle" || delay === undefined) return;
    const timer = setTimeout(() => {
      looks.current += 1;
      if (!isTyping()) revalidate();
    }, delay);
    return () => clearTimeout(timer);
  }, [waiting, state, revalidate]);
}

function isTyping(): boolean {
  return document.activeElement?.matches("input, textarea, select") ?? false;
}
