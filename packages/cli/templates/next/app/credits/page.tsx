import { CreditActivity } from "@credit-activity/react";
import { connection } from "next/server";
import { getAccount } from "../../lib/credits";
import { createToken } from "./actions";
import "@credit-activity/react/styles.css";

export default async function CreditsPage() {
  await connection();
  return <CreditActivity account={await getAccount()} baseUrl="/api/credits" getToken={createToken} />;
}
