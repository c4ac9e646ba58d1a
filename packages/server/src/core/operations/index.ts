import type { Operation } from "../command.js";
import { adjust } from "./adjust.js";
import { anonymizeAccount } from "./anonymize.js";
import { closeAccount } from "./close.js";
import { extend } from "./extend.js";
import { extendGrant } from "./extend-grant.js";
import { grant } from "./grant.js";
import { hold } from "./hold.js";
import { refund } from "./refund.js";
import { release } from "./release.js";
import { settle } from "./settle.js";
import { spend } from "./spend.js";
import { usage } from "./usage.js";
import { voidGrant } from "./void-grant.js";
import { writeOff } from "./write-off.js";

/** The registry of operations. Methods, routes and documents are made from it. */
export const OPERATIONS = {
  grant,
  spend,
  usage,
  hold,
  settle,
  extend,
  release,
  refund,
  adjust,
  writeOff,
  voidGrant,
  extendGrant,
  closeAccount,
  anonymizeAccount,
} as const;

/** All operations, for code that treats them alike. */
export const ALL_OPERATIONS = Object.values(OPERATIONS) as readonly unknown[] as readonly Operation[];
