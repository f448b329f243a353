export function PlantsPage() {
  return null;
}
