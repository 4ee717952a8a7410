// How long texts may be. Names and titles: as tenants/names.py says.

export const LONGEST_NAME = 255;

// A rule of recurring starts, and where an answer stands: as bundle.schema.json says.
export const LONGEST_RULE = 200;
export const LONGEST_PATH = 200;

// The source of a layout: as bundle.schema.json says.
export const LONGEST_LAYOUT = 200_000;
