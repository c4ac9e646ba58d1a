import { type Account, createLedgerClient } from "@credit-activity/client";
import { useCallback, useMemo, useRef, useState } from "react";
import { type DemoAccount, fetchTasks, fetchToken, type Tasks } from "./data/demo-api.js";
import { toEffective } from "./data/format.js";
import type { Theme } from "./data/theme.js";
import { usePolled } from "./data/use-polled.js";
import { useSettingsRoute } from "./data/use-settings-route.js";
import { SettingsDialog } from "./settings/settings-dialog.js";
import { OfflineNotice } from "./shell/offline-notice.js";
import { Sidebar } from "./shell/sidebar.js";
import { ProjectView } from "./task/project-view.js";

const WORKING_MS = 600;
const RESTING_MS = 4_000;

/** The app of the signed-in account, with Account Settings above it. */
export function Workspace(props: {
  readonly account: DemoAccount;
  readonly accounts: readonly DemoAccount[];
  readonly onSwitch: (account: string) => void;
  readonly theme: readonly [Theme, (theme: Theme) => void];
}) {
  const { account, accounts, onSwitch, theme } = props;
  const id = account.account;
  const [projectId, setProjectId] = useState(account.projects[0]?.id ?? "");
  const project = account.projects.find((one) => one.id === projectId);
  const settings = useSettingsRoute();
  const menuRef = useRef<HTMLButtonElement>(null);

  // The browser has a short-lived token that only reads. The client replaces it when it expires.
  const client = useMemo(
    () =>
      createLedgerClient({
        baseUrl: location.origin,
        getToken: () => fetchToken(id),
        retries: 0,
        timeoutMs: 8_000,
      }),
    [id],
  );
  const tasks = usePolled(
    `${id}/${projectId}`,
    useCallback((signal: AbortSignal) => fetchTasks(id, projectId, signal), [id, projectId]),
    useCallback((value: Tasks) => (isWorking(value) ? WORKING_MS : RESTING_MS), []),
  );
  const working = tasks.value !== null && isWorking(tasks.value);
  const ledgerAccount = usePolled<Account>(
    id,
    useCallback((signal: AbortSignal) => client.getAccount(id, { signal }), [client, id]),
    working ? WORKING_MS : RESTING_MS,
  );
  // Credits that start later can't be spent yet.
  const balance = ledgerAccount.value === null ? null : toEffective(ledgerAccount.value);

  return (
    <div className="app">
      <Sidebar
        account={account}
        accounts={accounts}
        balance={balance}
        states={tasks.value?.states ?? {}}
        projectId={projectId}
        onProject={setProjectId}
        onSwitch={onSwitch}
        onSettings={settings.open}
        theme={theme}
        menuRef={menuRef}
      />
      <main className="main">
        {project !== undefined && (
          <ProjectView
            key={project.id}
            account={id}
            project={project}
            tasks={tasks}
            onSpent={ledgerAccount.refresh}
            balance={balance}
          />
        )}
      </main>
      <OfflineNotice shown={tasks.failed || ledgerAccount.failed} />
      <SettingsDialog
        route={settings}
        account={account}
        ledgerAccount={ledgerAccount.value}
        client={client}
        theme={theme}
        returnFocusTo={menuRef}
      />
    </div>
  );
}

function isWorking(tasks: Tasks): boolean {
  return Object.values(tasks.states).includes("running");
}
