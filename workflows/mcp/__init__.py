"""What assistants may do with definitions, what they read about them, and how they begin.

Publishing is no tool, and never will be: a person decides, on a page.
"""
