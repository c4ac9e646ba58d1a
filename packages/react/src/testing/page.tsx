import { act, cleanup, render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { StrictMode } from "react";
import { afterEach, beforeEach, vi } from "vitest";
import { CreditActivity, type CreditActivityProps } from "../credit-activity/credit-activity.js";
import type { ActivityReader } from "../use-activity/activity-store.js";
import { now } from "./history.js";

type Settings = Omit<CreditActivityProps, "client" | "baseUrl" | "getToken" | "account"> & {
  readonly account?: string;
};

/** Sets the clock of every test in a file. Timers stay real. */
export function fixClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now });
  });
  afterEach(() => {
    cleanup();
    vi.useRealTimers();
  });
}

/** Renders the page in React's strict mode, and waits for immediate responses. */
export async function open(client: ActivityReader, settings: Settings = {}) {
  const element = (more: Settings, reader: ActivityReader) => (
    <StrictMode>
      <CreditActivity client={reader} account="acme" locale="en" timeZone="UTC" {...settings} {...more} />
    </StrictMode>
  );
  const view = render(element({}, client));
  await settle();
  const user = userEvent.setup({ delay: null });
  return {
    user,
    unmount: view.unmount,
    container: view.container,
    rerender: async (more: Settings, reader = client) => {
      view.rerender(element(more, reader));
      await settle();
    },
  };
}

/** Waits until settled promises have taken effect. */
export async function settle(): Promise<void> {
  await act(async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  });
}

/** Returns the content of each cell by row, without the header. */
export function tableText(): string[][] {
  const rows = within(table()).getAllByRole("row").slice(1);
  return rows.map((row) =>
    [...row.children].map((cell) => cell.textContent?.replace(/\s+/g, " ").trim() ?? ""),
  );
}

/** Returns the numbers in the descriptions of the rows on the screen, which `history` makes. */
export function shownRows(): number[] {
  return [...table().querySelectorAll(".credits-description")].map((cell) =>
    Number(cell.textContent?.replace(/\D/g, "")),
  );
}

/** Returns the only table. */
export function table(): HTMLTableElement {
  return screen.getByRole<HTMLTableElement>("table");
}

/** Returns the content of the live region. */
export function announcement(): string {
  return document.querySelector("[aria-live=polite]")?.textContent ?? "";
}

/** Returns a button by its name. */
export function button(name: string | RegExp): HTMLElement {
  return screen.getByRole("button", { name });
}

/** Returns the whole numbers of a range, largest first. */
export function down(from: number, to: number): number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index);
}
