import { CreditActivity } from "@credit-activity/react";
import "@credit-activity/react/styles.css";

async function getToken() {
  const response = await fetch("/api/credits/token", { method: "POST" });
  if (!response.ok) throw new Error(`POST ${response.url} responded with ${response.status}.`);
  const { token } = await response.json();
  return token;
}

/** The account that getAccount returns for the user who is signed in. */
const ACCOUNT = "demo";

/** The page on which the user who is signed in sees their credits. */
export function CreditsPage() {
  return <CreditActivity account={ACCOUNT} baseUrl="/api/credits" getToken={getToken} />;
}
