"""Inviting people: a link that works once and ends, with which somebody sets their own password.

An invitation is a row of the company. The person is made when its link is followed: until then
nobody is told whether the address is used elsewhere, and nobody's address is taken.
"""
