{
  let theme = null;
  try {
    theme = localStorage.getItem("plinth.theme");
  } catch {
    // Storage is disabled, so the system's theme applies.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
