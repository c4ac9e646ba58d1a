import { useId } from "react";
import { THEMES, type Theme } from "../data/theme.js";
import { THEME_NAMES } from "../shell/theme-toggle.js";
import { PanelHeader } from "./panel-header.js";

const EXPLANATIONS: Readonly<Record<Theme, string>> = {
  system: "Follows this device",
  light: "Always light",
  dark: "Always dark",
};

/** The Appearance panel. It applies a theme at once and stores it in this browser. */
export function Appearance(props: { readonly theme: readonly [Theme, (theme: Theme) => void] }) {
  const [theme, setTheme] = props.theme;
  const name = useId();
  return (
    <>
      <PanelHeader title="Appearance" text="Applied at once, and stored in this browser." />
      <fieldset className="themes">
        <legend className="hidden">Theme</legend>
        {THEMES.map((one) => (
          <label key={one} className="theme-card">
            <input
              type="radio"
              className="theme-radio"
              name={name}
              checked={theme === one}
              onChange={() => setTheme(one)}
            />
            <ThemePicture theme={one} />
            <span className="theme-name">{THEME_NAMES[one]}</span>
            <span className="theme-text">{EXPLANATIONS[one]}</span>
          </label>
        ))}
      </fieldset>
    </>
  );
}

function ThemePicture({ theme }: { readonly theme: Theme }) {
  return (
    <span className="theme-picture" data-look={theme} aria-hidden="true">
      {(theme === "system" ? ["light", "dark"] : [theme]).map((look) => (
        <span key={look} className="theme-half" data-look={look}>
          <i />
          <b />
          <b />
          <b />
        </span>
      ))}
    </span>
  );
}
