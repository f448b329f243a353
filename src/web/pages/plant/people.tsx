export function PlantPeople() {
  return null;
}
