import { useId } from "react";
import { type Theme, themes } from "../data/theme.js";
import { themeNames } from "../shell/theme-toggle.js";
import { PanelHeader } from "./panel-header.js";

const explanations: Readonly<Record<Theme, string>> = {
  system: "Follows this device",
  light: "Always light",
  dark: "Always dark",
};

/** How the product looks. A choice applies at once and is remembered in this browser. */
export function Appearance(props: { readonly theme: readonly [Theme, (theme: Theme) => void] }) {
  const [theme, setTheme] = props.theme;
  const name = useId();
  return (
    <>
      <PanelHeader title="Appearance" text="Applied at once, and remembered in this browser." />
      <fieldset className="themes">
        <legend className="hidden">Theme</legend>
        {themes.map((one) => (
          <label key={one} className="theme-card">
            <input
              type="radio"
              className="theme-radio"
              name={name}
              checked={theme === one}
              onChange={() => setTheme(one)}
            />
            <ThemePicture theme={one} />
            <span className="theme-name">{themeNames[one]}</span>
            <span className="theme-text">{explanations[one]}</span>
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
