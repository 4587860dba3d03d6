export default function Page() {
  return <h1>Being built</h1>;
}
