import { useCallback } from "react";
import { fetchAccounts } from "./data/demo-api.js";
import { useTheme } from "./data/theme.js";
import { usePolled } from "./data/use-polled.js";
import { useStored } from "./data/use-stored.js";
import { OfflineNotice } from "./shell/offline-notice.js";
import { Workspace } from "./workspace.js";

const NEVER_MS = 2 ** 31 - 1;

const isNotEmpty = (text: string): text is string => text !== "";

/** The product, with the workspace of the signed-in account. */
export function App() {
  const accounts = usePolled(
    "accounts",
    useCallback((signal: AbortSignal) => fetchAccounts(signal), []),
    NEVER_MS,
  );
  const theme = useTheme();
  const [accountId, setAccountId] = useStored("plinth.account", "acme", isNotEmpty);
  const account = accounts.value?.find((one) => one.account === accountId) ?? accounts.value?.[0];

  if (accounts.value === null || account === undefined) return <OfflineNotice shown={accounts.failed} />;
  return (
    <Workspace
      key={account.account}
      account={account}
      accounts={accounts.value}
      onSwitch={setAccountId}
      theme={theme}
    />
  );
}
