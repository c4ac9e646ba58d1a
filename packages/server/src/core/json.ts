/** Formats flat values as JSON with sorted names, which is the same string for the same values. */
export function sortedJson(values: Readonly<Record<string, string | number | boolean>>): string {
  const names = Object.keys(values);
  if (names.length < 2) return JSON.stringify(values);
  // Names that are whole numbers come first in every record.
  return JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, values[name]])));
}
