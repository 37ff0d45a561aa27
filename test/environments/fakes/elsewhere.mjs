// Each process that the program starts is told this file by the same relative path.
import 'multiproc';

process.chdir('/');
