import { useEffect, useState } from 'react';

/** A QR code, drawn here: what it says goes to no server. Empty until the drawing code has come. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [path, setPath] = useState<{ d: string; size: number }>();
  useEffect(() => {
    let isCurrent = true;
    void import('qrcode').then(({ create }) => {
      const { modules } = create(text, { errorCorrectionLevel: 'M' });
      const dark = Array.from(modules.data, (bit, at) =>
        bit === 0 ? '' : `M${at % modules.size} ${Math.floor(at / modules.size)}h1v1h-1z`,
      );
      if (isCurrent) setPath({ d: dark.join(''), size: modules.size });
    });
    return () => {
      isCurrent = false;
    };
  }, [text]);
  const size = path?.size ?? 1;
  return (
    <svg
      className="qr"
      viewBox={`-2 -2 ${size + 4} ${size + 4}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <path d={path?.d ?? ''} fill="#000" />
    </svg>
  );
}
