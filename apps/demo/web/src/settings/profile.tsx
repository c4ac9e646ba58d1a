import type { Account } from "@credit-activity/client";
import type { DemoAccount } from "../data/demo-api.js";
import { formatDay } from "../data/format.js";
import { Avatar } from "../shell/account-menu.js";
import { PanelHeader } from "./panel-header.js";

/** Who is signed in. */
export function Profile(props: { readonly account: DemoAccount; readonly holder: Account | null }) {
  const { account, holder } = props;
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
        <Fact name="Time zone" value={holder?.time_zone.replaceAll("_", " ")} />
        <Fact
          name="Member since"
          value={holder === null ? undefined : formatDay(holder.created_at, holder.time_zone)}
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
