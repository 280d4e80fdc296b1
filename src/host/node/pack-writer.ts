/**
 * A program that keeps what a run of the command line has compiled: the regions are compiled once more for that, a third of a second
 * in which the user has the shell back. Usage: node pack-writer.js FOLDER FILE, see startPackWriter().
 */
import { readFileSync, rmSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { deserialize } from 'node:v8';
import type { SaveRequest } from '../../saved-code/messages.ts';
import { saveRegions } from '../../saved-code/save.ts';
import { CodeFolder } from './code-folder.ts';

const [folder = '', file = ''] = process.argv.slice(2);
setPriority(constants.priority.PRIORITY_LOW);
const request: SaveRequest = deserialize(readFileSync(file));
rmSync(file);
void saveRegions(new CodeFolder(folder), request);
