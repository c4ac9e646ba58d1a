import { useCallback, useEffect, useRef, useState } from "react";

/** The last value, and the state of the last request. */
export interface Polled<Value> {
  readonly value: Value | null;
  /** True if the last request failed. */
  readonly failed: boolean;
  /** Polls at once. */
  refresh(): void;
  /** Sets the value from another response, and aborts the current request. */
  put(value: Value): void;
}

const RETRY_MS = 2_000;

/** Polls a value while the page is visible. The last value stays until the next one. Another `subject` starts with null. */
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
      const { everyMs: interval } = latest.current;
      return typeof interval === "number" ? interval : interval(value);
    };
    const accept = (value: Value) => {
      setState({ subject, value, failed: false });
      after(pace(value));
    };
    const go = async () => {
      clearTimeout(timer);
      current?.abort();
      if (document.visibilityState === "hidden") return;
      const controller = new AbortController();
      current = controller;
      try {
        const value = await latest.current.read(controller.signal);
        if (current === controller) accept(value);
      } catch {
        if (current !== controller) return;
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
        accept(value);
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
