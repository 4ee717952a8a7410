"""No company sees another's data, and nobody the screens of a role that they do not have.

The pages are read from the URL configuration, so a new one is covered the day it appears.
When one of these tests asks for an example, add it to `Examples` (`examples.py`): an object of
Acme's for each registered model, a value for each argument of an address.

The run of whole companies asks every address as somebody of another company, as a visitor, as each
role and as a superuser, and sends every form; a usual run asks some. What a long run adds are
combinations, of which the comments tell.
"""
