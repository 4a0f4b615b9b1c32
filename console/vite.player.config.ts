import { join } from 'node:path';
import { defineConfig } from 'vite';

/** The player of lines as one script: the server serves it as `/player.js`, the npm package as `headwater/player`. */
export default defineConfig({
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: false,
    lib: { entry: join(import.meta.dirname, '../player/src/index.ts'), formats: ['es'], fileName: () => 'player.js' },
  },
});
