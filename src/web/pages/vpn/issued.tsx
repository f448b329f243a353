import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField } from '../../ui/fields.tsx';
import { Note } from '../../ui/note.tsx';
import { toast } from '../../ui/toast.tsx';
import type { Issued } from './issue.ts';
import { QrCode } from '../../ui/qr-code.tsx';

/** WireGuard calls the tunnel by it: 15 characters at most before the dot. */
const FILE = 'parkway.conf';

const DEVICES = { windows: 'Windows', macos: 'macOS', linux: 'Linux', iphone: 'iPhone', android: 'Android' } as const;
type Device = keyof typeof DEVICES;

function isDevice(text: string): text is Device {
  return text in DEVICES;
}

function thisDevice(agent = navigator.userAgent): Device {
  if (agent.includes('Android')) return 'android';
  if (/iPhone|iPad/.test(agent)) return 'iphone';
  if (agent.includes('Mac')) return 'macos';
  return agent.includes('Linux') ? 'linux' : 'windows';
}

function saveFile(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = FILE;
  link.click();
  URL.revokeObjectURL(address);
}

/** The profile, shown once (VPN-2): it closes only once it was saved, and then nothing keeps it. */
export function IssuedDialog({ issued, onDone }: { issued: Issued; onDone: () => void }) {
  const { t } = useTranslation(['vpn', 'common']);
  const [device, setDevice] = useState(() => thisDevice());
  const [isSaved, setSaved] = useState(false);
  const [showsQr, setShowsQr] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(issued.text);
    toast(t('once.copiedText'));
  };
  return (
    <Dialog
      open
      onClose={undefined}
      width={860}
      title={t('once.title')}
      lead={t('once.lead')}
      footer={
        <>
          <label className="row grow">
            <input type="checkbox" checked={isSaved} onChange={({ target }) => setSaved(target.checked)} />
            {t('once.saved')}
          </label>
          <Button kind="primary" disabledReason={isSaved ? undefined : t('once.closeReason')} onClick={onDone}>
            {t('once.close')}
          </Button>
        </>
      }
    >
      <div className="cols b">
        <div className="stack g5">
          <ol className="steps">
            <li className="doing">
              <span className="n">1</span>
              <h3>{t('once.save')}</h3>
              <p className="dim small">{t('once.saveHint', { file: FILE })}</p>
              <div className="row wrap">
                <Button kind="primary" icon="dl" onClick={() => saveFile(issued.text)}>
                  {t('once.save')}
                </Button>
                <Button kind="quiet" icon="copy" onClick={() => void copy()}>
                  {t('once.copyText')}
                </Button>
              </div>
            </li>
            <li>
              <span className="n">2</span>
              <h3>{t('once.import')}</h3>
              <SelectField
                label={t('once.device')}
                quiet
                value={device}
                onChange={({ target }) => isDevice(target.value) && setDevice(target.value)}
                options={Object.entries(DEVICES).map(([value, label]) => ({ value, label }))}
              />
              <p className="dim small">{t(`once.${device}`)}</p>
            </li>
            <li>
              <span className="n">3</span>
              <h3>{t('once.on')}</h3>
              <p className="dim small">{t('once.onHint')}</p>
            </li>
          </ol>
          <Note>{t('once.one')}</Note>
        </div>
        <div className="stack g3">
          {!showsQr && (
            <Button className="only-phone" icon="qr" onClick={() => setShowsQr(true)}>
              {t('once.showQr')}
            </Button>
          )}
          <div className={showsQr ? 'stack g3' : 'stack g3 no-phone'}>
            <QrCode text={issued.text} label={t('once.qr')} />
            <p className="dim small">{t('once.qrHint')}</p>
          </div>
        </div>
      </div>
    </Dialog>
  );
}
