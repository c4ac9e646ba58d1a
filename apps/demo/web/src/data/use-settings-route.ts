import { useCallback, useEffect, useState } from "react";

/** A tab of Account Settings, as it stands in the address: `#settings/credit-activity`. */
export type SettingsTab = "profile" | "appearance" | "plans-and-credits" | "credit-activity";

export const settingsTabs: readonly SettingsTab[] = [
  "profile",
  "appearance",
  "plans-and-credits",
  "credit-activity",
];

const PREFIX = "#settings";

/** Marks a place in the browser's history as made by opening the dialog, so that closing goes back over it. */
const OPENED = "plinth-settings";

/** Which tab of Account Settings is open, as the address says. */
export interface SettingsRoute {
  /** Null while the dialog is closed. */
  readonly tab: SettingsTab | null;
  /** Opens the dialog; the browser's Back closes it again. */
  open(tab: SettingsTab): void;
  /** Shows another tab of the open dialog, in the same place of the history. */
  show(tab: SettingsTab): void;
  close(): void;
}

/** Keeps the dialog and the address together. */
export function useSettingsRoute(): SettingsRoute {
  const [tab, setTab] = useState(() => tabOf(location.hash));

  useEffect(() => {
    const read = () => setTab(tabOf(location.hash));
    window.addEventListener("popstate", read);
    window.addEventListener("hashchange", read);
    return () => {
      window.removeEventListener("popstate", read);
      window.removeEventListener("hashchange", read);
    };
  }, []);

  return {
    tab,
    open: useCallback((next: SettingsTab) => {
      history.pushState(OPENED, "", `${PREFIX}/${next}`);
      setTab(next);
    }, []),
    show: useCallback((next: SettingsTab) => {
      history.replaceState(history.state, "", `${PREFIX}/${next}`);
      setTab(next);
    }, []),
    close: useCallback(() => {
      setTab(null);
      if (history.state === OPENED) history.back();
      else history.replaceState(null, "", location.pathname + location.search);
    }, []),
  };
}

function tabOf(hash: string): SettingsTab | null {
  if (hash !== PREFIX && !hash.startsWith(`${PREFIX}/`)) return null;
  return settingsTabs.find((tab) => hash === `${PREFIX}/${tab}`) ?? "profile";
}
