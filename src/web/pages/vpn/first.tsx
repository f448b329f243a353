import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { SelectField } from '../../ui/fields.tsx';
import { ProblemNote } from '../../ui/note.tsx';
import { type Issued, issue } from './issue.ts';

/** No certificate yet: three steps and one button. */
export function First({ onIssued }: { onIssued: (issued: Issued) => void }) {
  const { t } = useTranslation(['vpn', 'common']);
  const [isAlias, setAlias] = useState(false);
  // The profile goes to the page alone: what a mutation returns would stay in its cache.
  const issuing = useMutation({ mutationFn: async () => onIssued(await issue(isAlias ? 'alias' : 'full')) });
  return (
    <Card title={t('first.title')} lead={t('first.lead')}>
      <div className="stack g5">
        <ol className="steps">
          {[t('first.one'), t('first.two'), t('first.three')].map((text, index) => (
            <li key={text} className={index === 0 ? 'doing' : ''}>
              <span className="n">{index + 1}</span>
              {text}
            </li>
          ))}
        </ol>
        <SelectField
          label={t('choice.label')}
          value={isAlias ? 'alias' : 'full'}
          onChange={({ target }) => setAlias(target.value === 'alias')}
          options={[
            { value: 'full', label: t('choice.full') },
            { value: 'alias', label: t('choice.alias') },
          ]}
        />
        <p className="dim small">{t('choice.hint')}</p>
        {issuing.error !== null && <ProblemNote error={issuing.error} />}
        <div>
          <Button kind="primary" icon="key" busy={issuing.isPending} onClick={() => issuing.mutate()}>
            {t('first.issue')}
          </Button>
        </div>
      </div>
    </Card>
  );
}
