import { Link } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { ApiProblem, api, bodyOf } from '../api/client.ts';
import { read } from '../api/query.ts';

/** Your certificate; null when you have none. */
export const certificateQuery = read('certificate', [], (signal) =>
  bodyOf(api.GET('/api/v1/certificate', { signal })).catch((error: unknown) => {
    if (error instanceof ApiProblem && error.status === 404) return null;
    throw error;
  }),
);

/** The tunnel, on every page: what is known of it, and no more. */
export function TunnelCard() {
  const { t } = useTranslation();
  const { data: certificate } = useQuery(certificateQuery);
  const word = certificate === undefined ? 'unknown' : certificate === null ? 'none' : 'issued';
  return (
    <Link to="/vpn" className="tunnel">
      <span className="pulse off" />
      <b>{t(`tunnel.${word}`)}</b>
      <small>{t(`tunnel.${word}Detail`)}</small>
    </Link>
  );
}
