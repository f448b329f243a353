/** The map beside the form: one way lit, from a laptop to a plant. */
export function GateMap() {
  return (
    <svg
      viewBox="0 0 800 900"
      preserveAspectRatio="xMidYMid slice"
      fill="none"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <g stroke="#2A6077" strokeWidth="7" opacity=".75">
        <path d="M-20 560H180l120-120h520" />
        <path d="M80 940V700l150-150V300L350 180h480" />
        <path d="M-20 800h300l90-90h460" />
        <path d="M620 940V520L520 420V-20" />
      </g>
      <path d="M130 820h150l150-150V470l120-120h130" stroke="#5FD6A6" strokeWidth="9" />
      <path className="glow" d="M130 820h150l150-150V470l120-120h130" stroke="#5FD6A6" strokeWidth="26" opacity=".12" />
      <g fill="#0E3A4C" stroke="#4F8BA3" strokeWidth="5">
        <circle cx="300" cy="440" r="11" />
        <circle cx="230" cy="390" r="11" />
        <circle cx="350" cy="180" r="11" />
        <circle cx="520" cy="180" r="11" />
        <circle cx="620" cy="620" r="11" />
        <circle cx="700" cy="710" r="11" />
        <circle cx="690" cy="440" r="11" />
      </g>
      <g fill="#0E3A4C" stroke="#5FD6A6" strokeWidth="6">
        <circle cx="430" cy="570" r="13" />
      </g>
      <circle cx="130" cy="820" r="30" fill="#5FD6A6" />
      <g transform="translate(114 804) scale(1.6)" stroke="#0B3242" strokeWidth="1.7">
        <rect x="4" y="4.500" width="12" height="8.500" rx="1.500" />
        <path d="M2 15.500h16" />
      </g>
      <g fill="#0E3A4C" stroke="#5FD6A6" strokeWidth="6">
        <circle cx="680" cy="350" r="38" />
      </g>
      <g transform="translate(658 328) scale(2.2)" stroke="#EAF5F8" strokeWidth="1.300">
        <path d="M5.200 8.500h9.600l2.200 7H3z" />
        <path d="M4.200 12h11.600M8.300 8.500l-.9 7M11.700 8.500l.9 7M10 5.500V3.600M6.300 5.600 5.200 4.400M13.700 5.600l1.100-1.200" />
      </g>
      <g fill="#0E3A4C" stroke="#4F8BA3" strokeWidth="5">
        <circle cx="230" cy="300" r="34" />
        <circle cx="620" cy="800" r="34" />
      </g>
      <g transform="translate(210 280) scale(2)" stroke="#A9CCD9" strokeWidth="1.300">
        <circle cx="10" cy="8" r="1.300" />
        <path d="M10 9.300V17.500M7.800 17.500h4.400M10 6.700 9.600 2M11.150 8.600l4.300 1.900M8.850 8.600l-4 2.500" />
      </g>
      <g transform="translate(600 780) scale(2)" stroke="#A9CCD9" strokeWidth="1.300">
        <rect x="2.500" y="6" width="13" height="8.500" rx="1.800" />
        <path d="M17.800 9v2.500M9.600 7.800l-2 2.700h2.800l-2 2.700" />
      </g>
    </svg>
  );
}
