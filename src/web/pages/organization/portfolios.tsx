export function PortfoliosPage() {
  return null;
}
