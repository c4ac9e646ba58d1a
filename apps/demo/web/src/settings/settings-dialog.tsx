import { Dialog } from "@base-ui/react/dialog";
import { Tabs } from "@base-ui/react/tabs";
import type { Account, Ledger } from "@credit-activity/client";
import { CreditActivity } from "@credit-activity/react";
import { CreditCard, Receipt, SunMoon, UserRound, X } from "lucide-react";
import { type RefObject, useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { DemoAccount } from "../data/demo-api.js";
import type { Theme } from "../data/theme.js";
import { SETTINGS_TABS, type SettingsRoute, type SettingsTab } from "../data/use-settings-route.js";
import { Appearance } from "./appearance.js";
import { PlansAndCredits } from "./plans-and-credits.js";
import { Profile } from "./profile.js";

const TABS: Readonly<Record<SettingsTab, { readonly name: string; readonly icon: typeof X }>> = {
  profile: { name: "Profile", icon: UserRound },
  appearance: { name: "Appearance", icon: SunMoon },
  "plans-and-credits": { name: "Plans & Credits", icon: CreditCard },
  "credit-activity": { name: "Credit Activity", icon: Receipt },
};

const NARROW = "(max-width: 760px)";

/** Account Settings: a dialog above the running app. Its tabs are a sidebar, or a strip on a small screen. */
export function SettingsDialog(props: {
  readonly route: SettingsRoute;
  readonly account: DemoAccount;
  readonly ledgerAccount: Account | null;
  readonly client: Ledger;
  readonly theme: readonly [Theme, (theme: Theme) => void];
  readonly returnFocusTo: RefObject<HTMLButtonElement | null>;
}) {
  const { route, account, ledgerAccount, client, theme, returnFocusTo } = props;
  const lastTab = useLast(route.tab);
  const isNarrow = useMedia(NARROW);
  const activeTab = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    // On a small screen the strip can be wider than the dialog.
    if (route.tab !== null) activeTab.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [route.tab]);

  return (
    <Dialog.Root open={route.tab !== null} onOpenChange={(open) => !open && route.close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="settings-backdrop" />
        <Dialog.Popup className="settings" initialFocus={activeTab} finalFocus={returnFocusTo}>
          <Tabs.Root
            className="settings-tabs"
            orientation={isNarrow ? "horizontal" : "vertical"}
            value={lastTab}
            onValueChange={(tab: SettingsTab) => route.show(tab)}
          >
            <div className="settings-side">
              <Dialog.Title className="settings-title">Account Settings</Dialog.Title>
              <Tabs.List className="settings-list" activateOnFocus>
                {SETTINGS_TABS.map((tab) => {
                  const { name, icon: Icon } = TABS[tab];
                  return (
                    <Tabs.Tab
                      key={tab}
                      value={tab}
                      ref={tab === lastTab ? activeTab : null}
                      className="settings-tab"
                    >
                      <Icon aria-hidden="true" />
                      {name}
                    </Tabs.Tab>
                  );
                })}
              </Tabs.List>
            </div>
            <div className="settings-content">
              <Tabs.Panel value="profile" className="settings-panel">
                <Profile account={account} ledgerAccount={ledgerAccount} />
              </Tabs.Panel>
              <Tabs.Panel value="appearance" className="settings-panel">
                <Appearance theme={theme} />
              </Tabs.Panel>
              <Tabs.Panel value="plans-and-credits" className="settings-panel">
                <PlansAndCredits account={account} ledgerAccount={ledgerAccount} client={client} />
              </Tabs.Panel>
              <Tabs.Panel value="credit-activity" className="settings-panel settings-panel-activity">
                <CreditActivity account={account.account} client={client} refreshSeconds={3} />
              </Tabs.Panel>
            </div>
          </Tabs.Root>
          <Dialog.Close className="settings-close" aria-label="Close account settings">
            <X aria-hidden="true" />
          </Dialog.Close>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Returns the current tab, or the last one while the closing dialog fades. */
function useLast(tab: SettingsTab | null): SettingsTab {
  const [last, setLast] = useState<SettingsTab>(tab ?? "profile");
  if (tab !== null && tab !== last) setLast(tab);
  return last;
}

function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
