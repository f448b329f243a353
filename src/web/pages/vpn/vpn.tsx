import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { certificateQuery } from '../../shell/tunnel.tsx';
import { Load } from '../../ui/load.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { ProfileTabs } from '../account/profile-tabs.tsx';
import { First } from './first.tsx';
import type { Issued } from './issue.ts';
import { IssuedDialog } from './issued.tsx';
import { Manage } from './manage.tsx';
import { Pass } from './pass.tsx';
import { Routes } from './routes.tsx';

/** Profile ▸ VPN: the certificate, from issuing to revoking, and the subnets that it reaches. */
export function VpnPage() {
  const { t } = useTranslation(['vpn', 'common']);
  const query = useQuery(certificateQuery);
  const queries = useQueryClient();
  const [issued, setIssued] = useState<Issued>();
  const show = (made: Issued) => {
    setIssued(made);
    queries.setQueryData(certificateQuery.queryKey, made.certificate);
  };
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')} />
      <ProfileTabs />
      <Load query={query}>
        {(certificate) =>
          certificate === null ? (
            <First onIssued={show} />
          ) : (
            <div className="stack g5">
              <Pass certificate={certificate} />
              <Routes />
              <Manage certificate={certificate} onIssued={show} />
            </div>
          )
        }
      </Load>
      {issued !== undefined && <IssuedDialog issued={issued} onDone={() => setIssued(undefined)} />}
    </>
  );
}
