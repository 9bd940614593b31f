"""The lake: records of the topics as Parquet tables. Definitions, reading, compaction, listing."""
