import type { Amount } from "@credit-activity/client";
import { AppWindow } from "lucide-react";
import type { RefObject } from "react";
import type { DemoAccount, TaskState } from "../data/demo-api.js";
import { formatAmount } from "../data/format.js";
import type { Theme } from "../data/theme.js";
import type { SettingsTab } from "../data/use-settings-route.js";
import { AccountMenu } from "./account-menu.js";
import { Brand } from "./brand.js";

/** The words of a project's dot for screen readers. */
const STATE_WORDS: Partial<Record<TaskState | "idle", string>> = {
  running: "task running",
  paused: "task paused",
  out_of_credits: "out of credits",
};

/** The product's navigation: projects, the credit balance and the account menu. */
export function Sidebar(props: {
  readonly account: DemoAccount;
  readonly accounts: readonly DemoAccount[];
  readonly balance: Amount | null;
  readonly states: Readonly<Record<string, TaskState | "idle">>;
  readonly projectId: string;
  readonly onProject: (id: string) => void;
  readonly onSwitch: (account: string) => void;
  readonly onSettings: (tab: SettingsTab) => void;
  readonly theme: readonly [Theme, (theme: Theme) => void];
  readonly menuRef: RefObject<HTMLButtonElement | null>;
}) {
  const { account, balance, states, projectId, onProject, onSettings } = props;
  return (
    <header className="sidebar">
      <div className="sidebar-brand">
        <Brand />
      </div>
      <nav className="projects" aria-labelledby="projects-heading">
        <h2 className="sidebar-heading" id="projects-heading">
          Projects
        </h2>
        <ul className="projects-list">
          {account.projects.map((project) => {
            const state = states[project.id] ?? "idle";
            const words = STATE_WORDS[state];
            return (
              <li key={project.id}>
                <button
                  type="button"
                  className="nav-item"
                  aria-current={project.id === projectId ? "page" : undefined}
                  onClick={() => onProject(project.id)}
                >
                  <AppWindow aria-hidden="true" />
                  <span className="nav-label">{project.name}</span>
                  {words !== undefined && (
                    <span className="nav-dot" data-state={state}>
                      <span className="hidden">, {words}</span>
                    </span>
                  )}
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      <button type="button" className="balance" onClick={() => onSettings("plans-and-credits")}>
        <span className="balance-label">Credits</span>
        <span className="balance-amount figure" data-testid="balance">
          {balance === null ? <span className="skeleton balance-skeleton" /> : formatAmount(balance)}
        </span>
      </button>
      <AccountMenu {...props} />
    </header>
  );
}
