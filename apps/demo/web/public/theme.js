{
  let theme = null;
  try {
    theme = localStorage.getItem("plinth.theme");
  } catch {
    // Storage is switched off: the system's theme it is.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
