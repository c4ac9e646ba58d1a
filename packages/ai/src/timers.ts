/** A timer of `setTimeout` or `setInterval`. In Node it has `unref`, and in browsers it is a number. */
type Timer = ReturnType<typeof setTimeout>;

/** Lets the process exit although a timer runs. */
export function unref<T extends Timer>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
