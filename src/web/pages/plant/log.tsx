export function PlantLog() {
  return null;
}
