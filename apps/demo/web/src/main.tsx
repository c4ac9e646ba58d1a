import "@fontsource-variable/inter/wght.css";
// base.css sets the order of layers, so it comes before the component's styles.
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
