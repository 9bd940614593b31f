"""What the topics carried, kept as Parquet: which tables there are, what is in them, and how to read them."""
