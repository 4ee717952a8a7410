"""Who we are to programs, and what our doors are called: the addresses where they are reached."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from tenants.connecting.errors import WrongTargetError
from tenants.tokens.doors import Door


def issuer_of(request: HttpRequest) -> str:
    """What a program compares each answer with, so that no other server's passes for ours."""
    return request.build_absolute_uri("/").rstrip("/")


def resource_of(request: HttpRequest, door: Door) -> str:
    """What the door is called: the address beneath which it answers (RFC 8707)."""
    path = reverse("mcp") if door == Door.MCP else reverse("api", args=[""]).rstrip("/")
    return request.build_absolute_uri(path)


def door_called(request: HttpRequest, resource: str) -> Door:
    """Raises WrongTargetError: it names none of ours."""
    for door in Door:
        if resource == resource_of(request, door):
            return door
    raise WrongTargetError
