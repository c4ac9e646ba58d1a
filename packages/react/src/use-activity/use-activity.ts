import { createLedgerClient } from "@credit-activity/client";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import {
  type ActivityReader,
  type ActivitySnapshot,
  type ActivityStore,
  createActivityStore,
} from "./activity-store.js";

/** The connection of the page to the ledger: a client, or a `baseUrl` with `getToken`. */
export type ActivityConnection =
  | {
      /** A ledger that you create once. Another client makes the page start again. */
      readonly client: ActivityReader;
      readonly baseUrl?: undefined;
      readonly getToken?: undefined;
    }
  | {
      readonly client?: undefined;
      /** The URL of the API without `/v1`. */
      readonly baseUrl: string;
      /** Returns a token that reads the account. It may be another function per render. */
      readonly getToken: () => string | Promise<string>;
    };

/** The triggers of a reload. */
export interface RefreshOptions {
  readonly refreshSeconds: number | undefined;
  readonly refreshKey: string | number | undefined;
}

/** Connects a component to the activity of an account. */
export function useActivity(
  connection: ActivityConnection,
  account: string,
  perPage: number,
  refresh: RefreshOptions,
): readonly [ActivitySnapshot, ActivityStore] {
  const reader = useReader(connection, account);
  const store = useMemo(() => createActivityStore(reader, account, perPage), [reader, account, perPage]);
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);

  useEffect(() => {
    store.start();
    return () => store.stop();
  }, [store]);
  usePolling(store, refresh.refreshSeconds);
  useRefreshKey(store, refresh.refreshKey);
  return [snapshot, store];
}

function useReader(connection: ActivityConnection, account: string): ActivityReader {
  const { client, baseUrl, getToken } = connection;
  const latestGetToken = useRef(getToken);
  useEffect(() => {
    latestGetToken.current = getToken;
  });
  // Each account has its own client, because a token reads one account.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another account needs another client.
  return useMemo(() => {
    if (client !== undefined) return client;
    const getLatestToken = () => {
      if (latestGetToken.current !== undefined) return latestGetToken.current();
      throw new Error("<CreditActivity> has no getToken anymore. Set client, or baseUrl and getToken.");
    };
    // The page offers Retry after a few seconds, because the user waits in front of it.
    return createLedgerClient({ baseUrl, getToken: getLatestToken, retries: 2, timeoutMs: 10_000 });
  }, [client, baseUrl, account]);
}

function usePolling(store: ActivityStore, seconds: number | undefined): void {
  useEffect(() => {
    if (seconds === undefined || !(seconds > 0)) return;
    const periodMs = Math.max(1, seconds) * 1000;
    let lastMs = performance.now();
    const poll = () => {
      if (document.visibilityState !== "visible") return;
      lastMs = performance.now();
      store.poll();
    };
    const pollIfDue = () => {
      if (performance.now() - lastMs >= periodMs) poll();
    };
    const timer = setInterval(poll, periodMs);
    document.addEventListener("visibilitychange", pollIfDue);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", pollIfDue);
    };
  }, [store, seconds]);
}

function useRefreshKey(store: ActivityStore, refreshKey: string | number | undefined): void {
  const previous = useRef({ store, refreshKey });
  useEffect(() => {
    const before = previous.current;
    previous.current = { store, refreshKey };
    // A new store loads the page by itself.
    if (before.store === store && before.refreshKey !== refreshKey) store.refresh();
  }, [store, refreshKey]);
}
