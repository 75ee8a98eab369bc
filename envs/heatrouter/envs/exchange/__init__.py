"""Districts from and to other tools' files: pandapipes networks and ESDL energy systems."""
