import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Keeps focus within a part of the page when what has it goes away, as a Retry button does when the retry succeeds. It
 * moves to the button of the row it was behind, else to `fallback`. React dispatches no blur while it removes
 * elements, so that an element remembered here and gone afterwards had focus until the end.
 */
export function useKeptFocus(root: RefObject<HTMLElement | null>, fallback: RefObject<HTMLElement | null>) {
  const last = useRef<{ element: Element; behind: string | null } | null>(null);
  useLayoutEffect(() => {
    if (last.current === null || last.current.element.isConnected) return;
    const { behind } = last.current;
    last.current = null;
    const toggle =
      behind === null ? null : root.current?.querySelector(`[data-credits-position="${behind}"]`);
    const next = toggle instanceof HTMLElement ? toggle : fallback.current;
    next?.focus({ preventScroll: true });
  });
  return {
    onFocus(event: FocusEvent) {
      const row = event.target.closest("[data-credits-behind]");
      const behind = row?.getAttribute("data-credits-behind") ?? null;
      last.current = { element: event.target, behind };
    },
    onBlur() {
      last.current = null;
    },
  };
}
