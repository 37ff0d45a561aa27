/** How pools reach a cluster: what they need is loaded with the first such pool. */
import { registerElsewhere } from '../../pool/elsewhere.ts';

registerElsewhere(() => {
  require('./managers.ts');
  require('./cluster.ts');
  return require('../../cluster/tasks/cluster-executor.ts');
});
