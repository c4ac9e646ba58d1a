import { type Database } from "./postgres.js";
/** Creates an empty database on the server, all of whose settings are hostile. The suites run on those. */
export declare function createHostileDatabase(name: string): Promise<Database>;
