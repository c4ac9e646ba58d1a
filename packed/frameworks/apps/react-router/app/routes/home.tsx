export default function Home() {
  return <a href="/credits">Credits</a>;
}
