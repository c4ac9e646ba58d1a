import { getAccount, getLedger } from "../credits.server";

export async function loader({ request }: { request: Request }): Promise<Response> {
  const ledger = await getLedger();
  return ledger.fetch(request);
}

export async function action({ request }: { request: Request }): Promise<Response> {
  const ledger = await getLedger();
  if (new URL(request.url).pathname !== "/api/credits/token") return ledger.fetch(request);
  return Response.json(await ledger.createToken(await getAccount(request)));
}
