export function CooperationsPage() {
  return null;
}
