import { Outlet } from '@tanstack/react-router';

export function PlantPage() {
  return <Outlet />;
}
