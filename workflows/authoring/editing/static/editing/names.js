// How long texts may be. Names and titles: as tenants/names.py says.

export const LONGEST_NAME = 255;

// The source of a layout: as bundle.schema.json says.
export const LONGEST_LAYOUT = 200_000;
