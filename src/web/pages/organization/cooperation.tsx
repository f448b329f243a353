export function CooperationPage() {
  return null;
}
