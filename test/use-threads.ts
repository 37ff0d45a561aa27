/** A module to preload: what its program starts are threads. */
import { setStartMethod } from 'multiproc';

setStartMethod('thread');
