export function PlantDevices() {
  return null;
}
