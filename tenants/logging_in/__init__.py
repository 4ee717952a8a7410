"""What proves who somebody is: passwords, passkeys, second factors; and the sessions after that."""
