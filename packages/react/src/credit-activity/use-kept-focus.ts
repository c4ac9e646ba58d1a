import { type FocusEvent, type RefObject, useEffect, useRef } from "react";

/**
 * Keeps the focus in the page if the focused element is removed, such as a Retry button after a success. The focus
 * moves to the button of the element's row, else to `fallback`. React dispatches no blur event for removed elements,
 * so a stored element that is gone had the focus until its removal. A layout effect would make React 18 warn on a server.
 */
export function useKeptFocus(root: RefObject<HTMLElement | null>, fallback: RefObject<HTMLElement | null>) {
  const last = useRef<{ element: Element; position: string | null } | null>(null);
  useEffect(() => {
    if (last.current === null || last.current.element.isConnected) return;
    const { position } = last.current;
    last.current = null;
    const toggle =
      position === null ? null : root.current?.querySelector(`[data-credits-position="${position}"]`);
    const next = toggle instanceof HTMLElement ? toggle : fallback.current;
    next?.focus({ preventScroll: true });
  });
  return {
    onFocus(event: FocusEvent) {
      const row = event.target.closest("[data-credits-entries-of]");
      const position = row?.getAttribute("data-credits-entries-of") ?? null;
      last.current = { element: event.target, position };
    },
    onBlur() {
      last.current = null;
    },
  };
}
