"""What stands between the network and Django: whole bodies in, whole answers out, in good time."""
