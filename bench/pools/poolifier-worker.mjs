import { ThreadWorker } from 'poolifier';

export default new ThreadWorker((i) => i);
