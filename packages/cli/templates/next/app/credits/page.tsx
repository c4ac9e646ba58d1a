import { CreditActivity } from "@credit-activity/react";
import { connection } from "next/server";
import { Suspense } from "react";
import { getAccount } from "../../lib/credits";
import { createToken } from "./actions";
import "@credit-activity/react/styles.css";

/** The activity of the user who is signed in. It is read when a request comes. */
async function Activity() {
  await connection();
  return <CreditActivity account={await getAccount()} baseUrl="/api/credits" getToken={createToken} />;
}

export default function CreditsPage() {
  return (
    <Suspense fallback={null}>
      <Activity />
    </Suspense>
  );
}
