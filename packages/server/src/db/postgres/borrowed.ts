/** The part of a `pg.Pool` that the ledger uses. It is stated here because the types of `pg` are a package apart. */
export interface PostgresPool {
  /** Lends a client of `pg`. */
  connect(): Promise<{ release(error?: Error | boolean): void }>;
  readonly options?: { readonly max?: number };
}
