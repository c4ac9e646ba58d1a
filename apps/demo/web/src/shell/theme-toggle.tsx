import { Monitor, Moon, Sun } from "lucide-react";
import { useId } from "react";
import { type Theme, themes } from "../data/theme.js";

export const themeNames: Readonly<Record<Theme, string>> = { system: "System", light: "Light", dark: "Dark" };

const icons = { system: Monitor, light: Sun, dark: Moon } as const;

/** Three small radio buttons. */
export function ThemeToggle(props: { readonly theme: readonly [Theme, (theme: Theme) => void] }) {
  const [theme, setTheme] = props.theme;
  const name = useId();
  return (
    <fieldset className="toggle">
      <legend className="hidden">Theme</legend>
      {themes.map((one) => {
        const Icon = icons[one];
        return (
          <label key={one} className="toggle-option" title={themeNames[one]}>
            <input
              type="radio"
              className="toggle-radio"
              name={name}
              checked={theme === one}
              onChange={() => setTheme(one)}
            />
            <Icon aria-hidden="true" />
            <span className="hidden">{themeNames[one]}</span>
          </label>
        );
      })}
    </fieldset>
  );
}
