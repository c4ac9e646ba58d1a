import { useCallback, useEffect, useRef, useState } from "react";

/** What was last read, and whether the last attempt failed. */
export interface Polled<Value> {
  readonly value: Value | null;
  readonly failed: boolean;
  /** Reads again at once. */
  refresh(): void;
  /** Takes what another answer brought along, in place of what is being read. */
  put(value: Value): void;
}

const RETRY_MS = 2_000;

/**
 * Reads something again and again while the page is visible. What was read stays until there is something newer; another
 * `subject` begins with nothing.
 */
export function usePolled<Value>(
  subject: string,
  read: (signal: AbortSignal) => Promise<Value>,
  everyMs: number | ((value: Value) => number),
): Polled<Value> {
  const [state, setState] = useState<{ subject: string; value: Value | null; failed: boolean }>({
    subject,
    value: null,
    failed: false,
  });
  const latest = useRef({ read, everyMs });
  useEffect(() => {
    latest.current = { read, everyMs };
  });
  const loop = useRef<{ now(): void; put(value: Value): void }>({ now: () => {}, put: () => {} });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current: AbortController | null = null;

    const after = (ms: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => void go(), ms);
    };
    const pace = (value: Value) => {
      const { everyMs: every } = latest.current;
      return typeof every === "number" ? every : every(value);
    };
    const take = (value: Value) => {
      setState({ subject, value, failed: false });
      after(pace(value));
    };
    const go = async () => {
      clearTimeout(timer);
      current?.abort();
      if (document.visibilityState === "hidden") return;
      const own = new AbortController();
      current = own;
      try {
        const value = await latest.current.read(own.signal);
        if (current === own) take(value);
      } catch {
        if (current !== own) return;
        setState((before) => ({
          subject,
          value: before.subject === subject ? before.value : null,
          failed: true,
        }));
        after(RETRY_MS);
      }
    };
    const onVisible = () => {
      if (document.visibilityState === "visible") void go();
    };
    loop.current = {
      now: () => void go(),
      put: (value) => {
        current?.abort();
        current = null;
        take(value);
      },
    };
    document.addEventListener("visibilitychange", onVisible);
    window.addEventListener("online", onVisible);
    void go();
    return () => {
      clearTimeout(timer);
      current?.abort();
      current = null;
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("online", onVisible);
    };
  }, [subject]);

  const isCurrent = state.subject === subject;
  return {
    value: isCurrent ? state.value : null,
    failed: isCurrent && state.failed,
    refresh: useCallback(() => loop.current.now(), []),
    put: useCallback((value: Value) => loop.current.put(value), []),
  };
}
