"""Telling other systems what happens: webhooks after the Standard Webhooks convention."""
