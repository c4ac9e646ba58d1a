import { createRouteHandlers } from "@credit-activity/server/next";
import { getLedger } from "../../../../lib/credits";

export const { GET, HEAD, OPTIONS, POST, PUT } = createRouteHandlers(getLedger);
