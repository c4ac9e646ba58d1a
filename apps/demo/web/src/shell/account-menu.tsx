import { Check, ChevronsUpDown, Receipt, Settings } from "lucide-react";
import { type RefObject, useRef } from "react";
import type { DemoAccount } from "../data/demo-api.js";
import { toInitials } from "../data/format.js";
import type { Theme } from "../data/theme.js";
import type { SettingsTab } from "../data/use-settings-route.js";
import { ThemeToggle } from "./theme-toggle.js";

/**
 * The menu of the signed-in person. It is a native popover: Escape and a click outside close it, and its button gets the
 * focus back.
 */
export function AccountMenu(props: {
  readonly account: DemoAccount;
  readonly accounts: readonly DemoAccount[];
  readonly onSwitch: (account: string) => void;
  readonly onSettings: (tab: SettingsTab) => void;
  readonly theme: readonly [Theme, (theme: Theme) => void];
  readonly menuRef: RefObject<HTMLButtonElement | null>;
}) {
  const { account, accounts, onSwitch, onSettings, theme, menuRef } = props;
  const popover = useRef<HTMLDivElement>(null);
  const choose = (action: () => void) => () => {
    popover.current?.hidePopover();
    action();
  };
  return (
    <div className="account">
      <button ref={menuRef} type="button" className="account-button" popoverTarget="account-menu">
        <Avatar name={account.person} />
        <span className="hidden">Account menu: </span>
        <span className="account-text">
          <span className="account-person">{account.person}</span>
          <span className="account-plan">{account.plan} plan</span>
        </span>
        <ChevronsUpDown aria-hidden="true" className="account-chevron" />
      </button>
      <div ref={popover} id="account-menu" popover="auto" className="menu">
        <p className="menu-heading">{account.email}</p>
        <button type="button" className="menu-item" onClick={choose(() => onSettings("profile"))}>
          <Settings aria-hidden="true" />
          Account settings
        </button>
        <button type="button" className="menu-item" onClick={choose(() => onSettings("credit-activity"))}>
          <Receipt aria-hidden="true" />
          Credit activity
        </button>
        <div className="menu-row">
          <span>Theme</span>
          <ThemeToggle theme={theme} />
        </div>
        <hr className="menu-line" />
        <p className="menu-heading" id="switch-heading">
          Switch account
        </p>
        <ul className="menu-list" aria-labelledby="switch-heading">
          {accounts.map((one) => (
            <li key={one.account}>
              <button
                type="button"
                className="menu-item"
                aria-current={one === account ? "true" : undefined}
                onClick={choose(() => onSwitch(one.account))}
              >
                <Avatar name={one.person} />
                <span className="menu-account">
                  <span>{one.name}</span>
                  <span className="menu-plan">{one.plan}</span>
                </span>
                {one === account && <Check aria-hidden="true" className="menu-check" />}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** A circle with a person's initials. */
export function Avatar({ name, large = false }: { readonly name: string; readonly large?: boolean }) {
  return (
    <span className="avatar" data-large={large || undefined} aria-hidden="true">
      {toInitials(name)}
    </span>
  );
}
