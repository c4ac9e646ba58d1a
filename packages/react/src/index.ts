export { CreditActivity, type CreditActivityProps } from "./credit-activity/credit-activity.js";
export { defaultLabels, type Labels } from "./labels.js";
export type { ActivityReader } from "./use-activity/activity-store.js";
export type { ActivityConnection } from "./use-activity/use-activity.js";
