import { getAccount, getLedger } from "../credits.server";

export async function action({ request }: { request: Request }) {
  const ledger = await getLedger();
  const account = await getAccount(request);
  const { entry } = await ledger.spend(account, { credits: "5", description: "Report" });
  return Response.json({ balance: entry?.balance });
}
