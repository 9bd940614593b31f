"""Jobs of a Flink cluster, here or elsewhere: submit, watch, cancel."""
