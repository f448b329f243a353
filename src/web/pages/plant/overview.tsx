export function PlantOverview() {
  return null;
}
