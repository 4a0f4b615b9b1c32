import { CopyLine } from '../parts/copy.tsx';
import { t } from '../settings.ts';

/** Tells a newcomer how to push the first stream. */
export function Welcome() {
  const server = `rtmp://${location.hostname}/live`;
  return (
    <section class="card welcome">
      <h2>{t('welcome')}</h2>
      <p>{t('welcomeText')}</p>
      <h3>{t('welcomeObs')}</h3>
      <p class="hint">{t('welcomeObsText')}</p>
      <CopyLine label={t('server')} text={server} />
      <CopyLine label={t('streamKey')} text={t('streamKeyForm')} />
      <h3>{t('welcomeFfmpeg')}</h3>
      <p class="hint">{t('welcomeFfmpegText')}</p>
      <CopyLine label="ffmpeg" text={ffmpegLine(`${server}/${t('streamKeyForm')}`)} />
      <p class="hint">{t('welcomeKey')}</p>
    </section>
  );
}

function ffmpegLine(url: string): string {
  return [
    'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440',
    '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -c:a aac -f flv',
    `"${url}"`,
  ].join(' ');
}
