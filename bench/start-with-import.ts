// A program that does nothing with the library.
import 'multiproc';
