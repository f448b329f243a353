export function WaysPage() {
  return null;
}
