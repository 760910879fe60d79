"""The sweep: a script's own training, tried for some steps with several clipping thresholds."""
