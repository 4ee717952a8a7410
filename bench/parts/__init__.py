"""What is measured, a module for each part or subject of it."""
