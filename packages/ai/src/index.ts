export { type SdkModel, withCredits } from "./ai-sdk.js";
export { findLedgerError } from "./errors.js";
export type { CountTokens } from "./estimate.js";
export { type MeteredFetchOptions, meteredFetch } from "./fetch.js";
export { type CreditsCallback, creditsCallback } from "./langchain.js";
export type { CreditsOptions, MeteringLedger } from "./options.js";
export type { Model, Price, PriceFunction, Rated, RateTable } from "./price.js";
export { type ReconcileOptions, type Reconciliation, reconcile } from "./reconcile.js";
export type { Usage } from "./usage.js";
