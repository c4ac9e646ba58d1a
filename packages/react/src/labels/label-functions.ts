import { type ActivityRow, NOUNS_DEFAULT } from "@credit-activity/client";
import { defaultLabels } from "./english.js";
import type { LabelFunctions, LabelName, Labels, PluralForms } from "./labels.js";

/** The values of any label. */
type Values = Readonly<Record<string, unknown>>;
type LabelFunction = (values: Values) => string | null;

/** The value that selects the string of a label with choices. */
const SELECTORS: { readonly [Name in LabelName]?: "filter" | "kind" | "code" } = {
  filter: "filter",
  caption: "filter",
  emptyTitle: "filter",
  emptyText: "filter",
  kindTitle: "kind",
  kindNoun: "kind",
  failureReason: "code",
};

/** The labels that count amounts, which have two decimals at least. All others count whole numbers. */
const AMOUNT_LABELS: ReadonlySet<LabelName> = new Set(["remaining", "owed"]);

/**
 * Converts labels to functions. A label that is not given is English.
 *
 * @param locale The language of the given labels, for their plural forms. Default: the browser's.
 */
export function toLabelFunctions(given: Partial<Labels> = {}, locale?: string): LabelFunctions {
  const names = Object.keys(defaultLabels) as LabelName[];
  const functions = names.map((name) => [name, toFunction(name, given[name], locale)]);
  return Object.fromEntries(functions) as LabelFunctions;
}

function toFunction(name: LabelName, given: Labels[LabelName] | undefined, locale?: string): LabelFunction {
  if (typeof given === "function") return given as LabelFunction;
  const selector = SELECTORS[name];
  if (selector === undefined) {
    const isGiven = given !== undefined;
    return toTemplate(name, isGiven ? given : defaultLabels[name], isGiven ? locale : "en");
  }
  const choices = new Map([...toChoices(name, defaultLabels[name], "en"), ...toChoices(name, given, locale)]);
  return (values) => {
    const choice = choices.get(String(values[selector]));
    // Codes of later versions are unknown. For other kinds the ledger has words.
    const found = choice ?? (selector === "code" ? choices.get("other") : undefined);
    return found?.(values) ?? null;
  };
}

function toChoices(name: LabelName, data: unknown = {}, locale?: string): [string, LabelFunction][] {
  return Object.entries(data as object).map(([value, template]) => [
    value,
    toTemplate(name, template, locale),
  ]);
}

function toTemplate(name: LabelName, data: unknown, locale?: string): LabelFunction {
  if (typeof data === "string") return (values) => fill(data, values);
  const forms = data as PluralForms;
  const digits = AMOUNT_LABELS.has(name) ? { minimumFractionDigits: 2, maximumFractionDigits: 6 } : {};
  const rules = new Intl.PluralRules(locale, digits);
  return (values) => fill(forms[rules.select(Number(values.number))] ?? forms.other, values);
}

/** Replaces `{name}` with the value of that name. Other braces stay. */
function fill(template: string, values: Values): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values ?? {}, name) ? String(values[name]) : whole,
  );
}

/** Returns the title given with the row's entry, else the page's words for its kind, else the ledger's. */
export function rowTitle({ kind, title }: ActivityRow, labels: LabelFunctions): string {
  const builtIn = Object.hasOwn(defaultLabels.kindTitle, kind) ? defaultLabels.kindTitle[kind] : undefined;
  const isGiven = builtIn !== undefined && title !== builtIn;
  return isGiven ? title : (labels.kindTitle({ kind }) ?? title);
}

/** Returns the number of a row's entries with the page's noun for its kind, else the ledger's. */
export function rowCount(row: ActivityRow, count: string, labels: LabelFunctions): string {
  const { kind, entries: number, nouns } = row;
  const { one, other } = nouns ?? NOUNS_DEFAULT;
  const noun = labels.kindNoun({ kind, number }) ?? (number === 1 ? one : other);
  return labels.usageCount({ kind, count, noun, number });
}

/** Returns the label of the row's source, else of its project, or the page's words where its entries differ. */
export function rowSource(row: ActivityRow, labels: LabelFunctions): string | undefined {
  const { source, project, various } = row;
  if (source !== null) return source.label;
  if (various.includes("source")) return labels.variousSources();
  return various.includes("project") ? labels.variousProjects() : project?.label;
}
