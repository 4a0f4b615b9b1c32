declare module 'pino-roll' {
  import type { DestinationStream } from 'pino';

  interface RollOptions {
    file: string;
    size: string;
    frequency?: 'daily' | 'hourly';
    dateFormat?: string;
    limit: { count: number; removeOtherLogFiles: boolean };
    mkdir: boolean;
    sync: boolean;
  }

  export default function roll(options: RollOptions): Promise<DestinationStream>;
}
