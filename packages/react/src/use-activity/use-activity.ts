import { createClient } from "@credit-activity/client";
import { useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import {
  type ActivityReader,
  type ActivitySnapshot,
  type ActivityStore,
  createActivityStore,
} from "./activity-store.js";

/** How the page reaches the ledger: through a client, or by itself with tokens from `getToken`. */
export type ActivityConnection =
  | {
      /** Made once and kept: another client means another ledger, and the page begins anew. */
      readonly client: ActivityReader;
      readonly baseUrl?: undefined;
      readonly getToken?: undefined;
    }
  | {
      readonly client?: undefined;
      /** Where the API is mounted, without `/v1`. */
      readonly baseUrl: string;
      /** Gives a read-only token of the account. It may be another function at each render. */
      readonly getToken: () => string | Promise<string>;
    };

/** When to look for news. */
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
  // A token is good for one account, so each account has a client of its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the account is not read, but asks for another client.
  return useMemo(() => {
    if (client !== undefined) return client;
    const askForToken = () => {
      if (latestGetToken.current !== undefined) return latestGetToken.current();
      throw new Error(
        "<CreditActivity> no longer has a getToken. Give it a client, or a baseUrl and a getToken.",
      );
    };
    // A reader waits in front of the page, so giving up early and offering Retry beats trying for minutes.
    return createClient({ baseUrl, getToken: askForToken, retries: 2, timeoutMs: 10_000 });
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
  const seen = useRef({ store, refreshKey });
  useEffect(() => {
    const before = seen.current;
    seen.current = { store, refreshKey };
    // Another store has just loaded everything anyway.
    if (before.store === store && before.refreshKey !== refreshKey) store.refresh();
  }, [store, refreshKey]);
}
