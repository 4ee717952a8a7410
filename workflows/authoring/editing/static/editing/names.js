// How long the names and titles that people give may be: as tenants/names.py says.

export const LONGEST_NAME = 255;
