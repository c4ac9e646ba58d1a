import { CloudOff } from "lucide-react";

/** A notice that the server can't be reached. The rest of the screen stays. */
export function OfflineNotice({ shown }: { readonly shown: boolean }) {
  return (
    <div className="offline" role="status">
      {shown && (
        <p className="offline-notice">
          <CloudOff aria-hidden="true" />
          <span>The server can’t be reached. Trying again…</span>
        </p>
      )}
    </div>
  );
}
