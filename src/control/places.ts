import { type CityResponse, open } from 'maxmind';

/** Where an address is, roughly. */
export interface Place {
  readonly city: string | null;
  readonly country: string | null;
}

export type Places = (source: string) => Place | null;

/** Opens the operator's database file (MMDB, city or country). Throws when it is none. */
export async function openPlaces(file: string): Promise<Places> {
  const reader = await open<CityResponse>(file);
  return (source) => {
    const found = reader.get(source);
    const country = found?.country?.names?.en ?? null;
    return country === null ? null : { city: found?.city?.names?.en ?? null, country };
  };
}
