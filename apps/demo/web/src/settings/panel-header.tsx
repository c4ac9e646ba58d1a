/** The heading of a panel. */
export function PanelHeader(props: { readonly title: string; readonly text: string }) {
  return (
    <header className="panel-header">
      <h2>{props.title}</h2>
      <p>{props.text}</p>
    </header>
  );
}
