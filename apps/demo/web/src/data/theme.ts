import { useCallback, useEffect } from "react";
import { useStored } from "./use-stored.js";

/** A choice of appearance. */
export type Theme = "system" | "light" | "dark";

export const themes: readonly Theme[] = ["system", "light", "dark"];

/** The chosen theme and what changes it. It is kept under the name that `public/theme.js` reads before the first paint. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useStored<Theme>("plinth.theme", "system", isTheme);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return [theme, useCallback((next: Theme) => setTheme(next), [setTheme])];
}

function isTheme(text: string): text is Theme {
  return (themes as readonly string[]).includes(text);
}
