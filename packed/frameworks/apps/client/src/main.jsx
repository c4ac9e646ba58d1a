import { createRoot } from "react-dom/client";
import { CreditsPage } from "./credits-page";
import "./main.css";

createRoot(document.getElementById("root")).render(<CreditsPage />);
