import "@fontsource-variable/inter/wght.css";
// This one says which layer comes first, so it stands before the component's own styles.
import "./styles/base.css";
import "@credit-activity/react/styles.css";
import "./styles/account-menu.css";
import "./styles/shell.css";
import "./styles/task-panel.css";
import "./styles/task.css";
import "./styles/preview.css";
import "./styles/settings-panels.css";
import "./styles/settings.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.js";

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
