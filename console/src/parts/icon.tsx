const paths = {
  wave: 'M3 9q4.5-4.5 9 0t9 0M3 16q4.5-4.5 9 0t9 0',
  play: 'M8 5v14l11-7z',
  pause: 'M8 5v14M16 5v14',
  sound: 'M4 9v6h4l5 4V5L8 9zM16.5 8.5a5 5 0 0 1 0 7M19 6a8.5 8.5 0 0 1 0 12',
  muted: 'M4 9v6h4l5 4V5L8 9zM17 9.5l5 5M22 9.5l-5 5',
  fullscreen: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  light:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M19 5l-1.5 1.5M6.5 17.5L5 19',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  faster: 'M4 6v12l8-6zM12 6v12l8-6z',
  start: 'M6 5v14M19 5v14l-10-7z',
  lines: 'M4 8h14l-4-4M20 16H6l4 4',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  record: 'M12 6a6 6 0 1 0 0 12 6 6 0 0 0 0-12',
  people: 'M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 20a7 7 0 0 1 14 0M16 3.5a4 4 0 0 1 0 7M18.5 14a7 7 0 0 1 3.5 6',
};

/** A line drawing beside a text, or inside a button that has a label. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
