import { join } from 'node:path';
import { defineConfig } from 'vite';

/** The library as one script: the server serves it as `/player.js`, the npm package as `headwater/player`. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    target: 'es2022',
    outDir: join(import.meta.dirname, '../console/dist'),
    emptyOutDir: false,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'player.js' },
  },
});
