/** A project of the product. One task at a time can run in it. */
export interface DemoProject {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** The initial text of the composer. */
  readonly prompt: string;
  /** Further prompts. */
  readonly ideas: readonly string[];
  /** True if the project was built before the first task. */
  readonly built: boolean;
}

/** An account that the visitor can use. */
export interface DemoAccount {
  readonly account: string;
  readonly name: string;
  readonly plan: string;
  /** The signed-in person. */
  readonly person: string;
  readonly email: string;
  readonly projects: readonly DemoProject[];
}

/** The accounts of the demo: one with a history, and an empty one. */
export const demoAccounts: readonly DemoAccount[] = [
  {
    account: "acme",
    name: "Acme Goods",
    plan: "Pro",
    person: "Maya Okafor",
    email: "maya@acme.example",
    projects: [
      {
        id: "storefront",
        name: "Acme Storefront",
        domain: "storefront.plinth.example",
        prompt:
          "Rewrite the landing page for the winter collection: a calmer hero, a grid of six products with prices, and a newsletter form that recognizes subscribers.",
        ideas: [
          "Add gift wrapping to the checkout",
          "Show what is low in stock on product pages",
          "Translate the shop into German and French",
        ],
        built: true,
      },
      {
        id: "returns",
        name: "Returns desk",
        domain: "returns.plinth.example",
        prompt:
          "Let customers start a return themselves: look up the order, choose the items and a reason, and print a label. Show the desk what is on its way.",
        ideas: [
          "Email the customer when a refund is on its way",
          "Add a report of the most returned products",
          "Let the desk merge two returns of one order",
        ],
        built: true,
      },
      {
        id: "stock",
        name: "Stock planner",
        domain: "stock.plinth.example",
        prompt:
          "Add a weekly view that warns when a product will run out before its next delivery, and draft the purchase order for it.",
        ideas: [
          "Import deliveries from a CSV file",
          "Compare this season with the last",
          "Send a digest every Monday morning",
        ],
        built: true,
      },
    ],
  },
  {
    account: "fresh",
    name: "Lind Studio",
    plan: "Free",
    person: "Jonas Lind",
    email: "jonas@lind.example",
    projects: [
      {
        id: "portfolio",
        name: "Portfolio",
        domain: "portfolio.plinth.example",
        prompt:
          "Make a portfolio of my furniture: large photographs, a short page about each piece, and a way to ask for a price.",
        ideas: [
          "Add a page about the workshop",
          "Show which pieces are still available",
          "Let visitors sort by wood",
        ],
        built: false,
      },
    ],
  },
];

/** Returns the account with an id, or null. */
export function findAccount(id: unknown): DemoAccount | null {
  return demoAccounts.find((one) => one.account === id) ?? null;
}
