import { getAccount, getLedger } from "../../../lib/credits";

export async function POST() {
  const ledger = await getLedger();
  const { entry } = await ledger.spend(await getAccount(), { credits: "5", description: "Report" });
  return Response.json({ balance: entry?.balance });
}
