import { useCallback, useEffect, useState } from "react";

/** A tab of Account Settings, as in the URL: `#settings/credit-activity`. */
export type SettingsTab = "profile" | "appearance" | "plans-and-credits" | "credit-activity";

/** All tabs, in the order of the page. */
export const SETTINGS_TABS: readonly SettingsTab[] = [
  "profile",
  "appearance",
  "plans-and-credits",
  "credit-activity",
];

const PREFIX = "#settings";

/** Marks the history entry that opening the dialog added, so that closing removes it. */
const OPENED = "plinth-settings";

/** The tab of Account Settings in the URL. */
export interface SettingsRoute {
  /** The open tab. It is null while the dialog is closed. */
  readonly tab: SettingsTab | null;
  /** Opens the dialog. The browser's Back button closes it. */
  open(tab: SettingsTab): void;
  /** Shows another tab of the open dialog, without a new history entry. */
  show(tab: SettingsTab): void;
  close(): void;
}

/** Synchronizes the dialog with the URL. */
export function useSettingsRoute(): SettingsRoute {
  const [tab, setTab] = useState(() => parseTab(location.hash));

  useEffect(() => {
    const read = () => setTab(parseTab(location.hash));
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

function parseTab(hash: string): SettingsTab | null {
  if (hash !== PREFIX && !hash.startsWith(`${PREFIX}/`)) return null;
  return SETTINGS_TABS.find((tab) => hash === `${PREFIX}/${tab}`) ?? "profile";
}
