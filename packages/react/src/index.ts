export { CreditActivity, type CreditActivityProps } from "./credit-activity/credit-activity.js";
export { defaultLabels } from "./labels/english.js";
export type { LabelFunctions, Labels, PluralForms } from "./labels/labels.js";
export type { ActivityReader } from "./use-activity/activity-store.js";
export type { ActivityConnection } from "./use-activity/use-activity.js";
