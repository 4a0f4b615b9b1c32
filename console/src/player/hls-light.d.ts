/** What hls.js leaves out of its light build (subtitles, other languages, encryption) is not used here. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
