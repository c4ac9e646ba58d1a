import { CreditActivity } from "@credit-activity/react";
import "@credit-activity/react/styles.css";

async function getToken() {
  const response = await fetch("/api/credits/token", { method: "POST" });
  const { token } = await response.json();
  return token;
}

/** The page on which the user who is signed in sees their credits. */
export function CreditsPage() {
  return <CreditActivity account="demo" baseUrl="/api/credits" getToken={getToken} />;
}
