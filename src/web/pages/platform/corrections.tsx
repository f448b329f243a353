export function CorrectionsPage() {
  return null;
}
