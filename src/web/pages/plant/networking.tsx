export function PlantNetworking() {
  return null;
}
