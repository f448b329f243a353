import { useEffect, useState } from 'react';

/** A QR code, drawn as one path; the code that makes it comes only here. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const [drawing, setDrawing] = useState<{ size: number; path: string }>();
  useEffect(() => {
    let isGone = false;
    const draw = async () => {
      const { create } = await import('qrcode');
      const { size, data } = create(text, { errorCorrectionLevel: 'M' }).modules;
      const dots = Array.from(data, (dark, at) =>
        dark === 0 ? '' : `M${String(at % size)} ${String(Math.floor(at / size))}h1v1h-1z`,
      );
      if (!isGone) setDrawing({ size, path: dots.join('') });
    };
    void draw();
    return () => {
      isGone = true;
    };
  }, [text]);
  if (drawing === undefined) return <span className="qr sk" aria-hidden="true" />;
  return (
    <span className="qr">
      <svg
        role="img"
        aria-label={label}
        width="100%"
        viewBox={`0 0 ${String(drawing.size)} ${String(drawing.size)}`}
        shapeRendering="crispEdges"
      >
        <path d={drawing.path} fill="#000" />
      </svg>
    </span>
  );
}
