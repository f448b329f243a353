export function PlantSettings() {
  return null;
}
