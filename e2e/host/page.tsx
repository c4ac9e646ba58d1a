import { CreditActivity } from "@credit-activity/react";
import { createRoot } from "react-dom/client";
import { reader } from "./history.js";

const root = document.getElementById("host");
if (root !== null) {
  const { className, actions } = root.dataset;
  createRoot(root).render(
    <CreditActivity
      client={reader}
      account="acme"
      locale="en"
      timeZone="UTC"
      className={className}
      actions={
        actions === undefined ? null : (
          <button type="button" className="buy">
            {actions}
          </button>
        )
      }
    />,
  );
}
