import { useCallback, useEffect } from "react";
import { useStored } from "./use-stored.js";

/** A theme of the product. */
export type Theme = "system" | "light" | "dark";

/** All themes, in the order of the page. */
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** Returns the theme and its setter. `public/theme.js` reads the stored theme before the first paint. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useStored<Theme>("plinth.theme", "system", isTheme);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return [theme, useCallback((next: Theme) => setTheme(next), [setTheme])];
}

function isTheme(text: string): text is Theme {
  return (THEMES as readonly string[]).includes(text);
}
