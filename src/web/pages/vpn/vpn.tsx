export function VpnPage() {
  return null;
}
