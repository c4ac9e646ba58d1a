import { useCallback, useState } from "react";

/** Returns a state that is stored in the browser, if allowed. A stored value that is not valid is ignored. */
export function useStored<Value extends string>(
  name: string,
  fallback: Value,
  isValue: (text: string) => text is Value,
): readonly [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => {
    const stored = readStored(name);
    return stored !== null && isValue(stored) ? stored : fallback;
  });
  const store = useCallback(
    (next: Value) => {
      setValue(next);
      try {
        localStorage.setItem(name, next);
      } catch {
        // Storage is disabled or full, so the value lasts until the page closes.
      }
    },
    [name],
  );
  return [value, store];
}

function readStored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
