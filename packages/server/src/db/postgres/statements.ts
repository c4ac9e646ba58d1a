const numbers = new Map<string, number>();

/** Number of a statement in this process, which names it where it is prepared on a connection. */
export function statementNumber(sql: string): number {
  let number = numbers.get(sql);
  if (number === undefined) {
    number = numbers.size + 1;
    numbers.set(sql, number);
  }
  return number;
}
