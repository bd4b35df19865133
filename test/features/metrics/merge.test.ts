import t from 'tap';
import { mergeMetrics } from '../../../src/features/metrics/merge.ts';

t.test('each sample says whose it is, under one description of its metric', async (t) => {
  const textOf = (value: number) =>
    [
      '# HELP a What a is',
      '# TYPE a counter',
      `a ${value}`,
      '',
      '# HELP b_seconds What b is',
      '# TYPE b_seconds histogram',
      `b_seconds_bucket{route="/x{y}",le="+Inf"} ${value}`,
      `b_seconds_sum{route="/x{y}"} ${value}.5e-7`,
      '',
    ].join('\n');
  t.equal(
    mergeMetrics({ 1: textOf(10), 2: textOf(20) }),
    [
      '# HELP a What a is',
      '# TYPE a counter',
      'a{worker="1"} 10',
      'a{worker="2"} 20',
      '',
      '# HELP b_seconds What b is',
      '# TYPE b_seconds histogram',
      'b_seconds_bucket{worker="1",route="/x{y}",le="+Inf"} 10',
      'b_seconds_sum{worker="1",route="/x{y}"} 10.5e-7',
      'b_seconds_bucket{worker="2",route="/x{y}",le="+Inf"} 20',
      'b_seconds_sum{worker="2",route="/x{y}"} 20.5e-7',
      '',
    ].join('\n'),
  );
});

t.test('a metric that only one worker has gets the number of that worker', async (t) => {
  const text = '# HELP a What a is\n# TYPE a gauge\na Nan\n';
  t.equal(mergeMetrics({ 1: '', 2: text }), text.replace('a Nan', 'a{worker="2"} Nan'));
});
