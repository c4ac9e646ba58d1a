/** The product's mark and name. */
export function Brand() {
  return (
    <span className="brand">
      <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
        <rect className="brand-tile" width="32" height="32" rx="8" />
        <rect x="12" y="7" width="8" height="4" rx="1.2" />
        <rect x="9.5" y="13" width="13" height="4" rx="1.2" opacity=".85" />
        <rect x="7" y="19" width="18" height="6" rx="1.4" opacity=".7" />
      </svg>
      Plinth
    </span>
  );
}
