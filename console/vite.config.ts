import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

const server = 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [preact({ reactAliasesEnabled: false })],
  build: {
    target: 'es2022',
    cssTarget: ['chrome100', 'firefox100', 'safari16'],
    // The page's content security policy knows neither data: URLs nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
  server: {
    proxy: {
      '/api': server,
      '^/.+\\.flv(\\?|$)': { target: server, ws: true },
      '^/.+\\.(m3u8|m4s|mp4)(\\?|$)': server,
    },
  },
});
