import { CreditActivity } from "@credit-activity/react";
import { useLoaderData } from "react-router";
import { getAccount } from "../credits.server";
import "@credit-activity/react/styles.css";

export async function loader({ request }: { request: Request }) {
  return { account: await getAccount(request) };
}

async function getToken(): Promise<string> {
  const response = await fetch("/api/credits/token", { method: "POST" });
  if (!response.ok) throw new Error(`POST ${response.url} responded with ${response.status}.`);
  const { token } = await response.json();
  return token;
}

export default function CreditsPage() {
  const { account } = useLoaderData<typeof loader>();
  return <CreditActivity account={account} baseUrl="/api/credits" getToken={getToken} />;
}
