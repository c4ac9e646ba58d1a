import { useCallback, useState } from "react";

/** A state that is kept in the browser, where that is allowed. What is stored and not wanted any more counts as nothing. */
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
        // Storage is switched off or full: the choice lasts as long as the page does.
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
