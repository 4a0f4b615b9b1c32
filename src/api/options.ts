import { integer, oneOf, option, section } from '../config/values.ts';

/** The section `metrics` of the configuration. */
export const metricsOptions = section('Numbers for Prometheus, at /metrics.', {
  access: option(oneOf('admin', 'open'), 'admin', 'Who may read them: admin (with the admin token) or open (anybody).'),
  streams: option(
    integer(0, 10_000),
    100,
    'How many streams, those with most viewers, are shown one by one; the rest are summed up.',
  ),
});
