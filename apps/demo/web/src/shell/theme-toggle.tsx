import { Monitor, Moon, Sun } from "lucide-react";
import { useId } from "react";
import { THEMES, type Theme } from "../data/theme.js";

/** The names of the themes. */
export const THEME_NAMES: Readonly<Record<Theme, string>> = {
  system: "System",
  light: "Light",
  dark: "Dark",
};

const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

/** Three small radio buttons for the theme. */
export function ThemeToggle(props: { readonly theme: readonly [Theme, (theme: Theme) => void] }) {
  const [theme, setTheme] = props.theme;
  const name = useId();
  return (
    <fieldset className="toggle">
      <legend className="hidden">Theme</legend>
      {THEMES.map((one) => {
        const Icon = ICONS[one];
        return (
          <label key={one} className="toggle-option" title={THEME_NAMES[one]}>
            <input
              type="radio"
              className="toggle-radio"
              name={name}
              checked={theme === one}
              onChange={() => setTheme(one)}
            />
            <Icon aria-hidden="true" />
            <span className="hidden">{THEME_NAMES[one]}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
