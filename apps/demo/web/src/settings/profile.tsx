import type { Account } from "@credit-activity/client";
import type { DemoAccount } from "../data/demo-api.js";
import { formatDay } from "../data/format.js";
import { Avatar } from "../shell/account-menu.js";
import { PanelHeader } from "./panel-header.js";

/** The Profile panel of the signed-in person. */
export function Profile(props: { readonly account: DemoAccount; readonly ledgerAccount: Account | null }) {
  const { account, ledgerAccount } = props;
  return (
    <>
      <PanelHeader title="Profile" text="Who you are to Plinth and to the people you share projects with." />
      <div className="person">
        <Avatar name={account.person} large />
        <div>
          <p className="person-name">{account.person}</p>
          <p className="person-email">{account.email}</p>
        </div>
      </div>
      <dl className="facts">
        <Fact name="Workspace" value={account.name} />
        <Fact name="Account ID" value={<code>{account.account}</code>} />
        <Fact name="Time zone" value={ledgerAccount?.timeZone.replaceAll("_", " ")} />
        <Fact
          name="Member since"
          value={
            ledgerAccount === null ? undefined : formatDay(ledgerAccount.createdAt, ledgerAccount.timeZone)
          }
        />
      </dl>
    </>
  );
}

function Fact(props: { readonly name: string; readonly value: React.ReactNode }) {
  return (
    <div className="fact">
      <dt>{props.name}</dt>
      <dd>{props.value ?? <span className="skeleton fact-skeleton" />}</dd>
    </div>
  );
}
